#include "fault_plan.h"

#include <mutex>

#include "clock.h"

namespace neuron_embed::emulator {

void FaultPlan::Set(const std::vector<FaultRule>& rules) {
  const std::unique_lock<std::shared_mutex> lock(mutex_);
  rules_.clear();
  unsigned kinds = 0;
  for (const FaultRule& rule : rules) {
    rules_.push_back(std::make_unique<Counted>());
    rules_.back()->rule = rule;
    kinds |= 1u << static_cast<unsigned>(rule.call);
  }
  kinds_.store(kinds, std::memory_order_relaxed);
}

Fault FaultPlan::Lookup(CallKind call, int core) {
  const std::shared_lock<std::shared_mutex> lock(mutex_);
  Fault fault;
  for (const std::unique_ptr<Counted>& counted : rules_) {
    const FaultRule& rule = counted->rule;
    if (rule.call != call || (rule.core != kAnyCore && rule.core != core)) continue;
    // Every rule counts each call that matches it, even if an earlier rule applies.
    const uint64_t number = counted->calls.fetch_add(1, std::memory_order_relaxed) + 1;
    if (fault || number < rule.first || number > rule.last) continue;
    if ((number - rule.first) % rule.every != 0) continue;
    if (rule.duration_nanos > 0) {
      const int64_t now = NowNanos();
      int64_t first_hit = 0;
      if (!counted->first_hit.compare_exchange_strong(first_hit, now) &&
          now - first_hit >= rule.duration_nanos) {
        continue;
      }
    }
    fault.status = rule.status;
    fault.hang_nanos = rule.hang_nanos;
  }
  return fault;
}

}  // namespace neuron_embed::emulator
