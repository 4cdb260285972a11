// Counts the objects of libnrt that this library holds, for leak checks.

#ifndef NEURON_EMBED_CORE_LIVE_OBJECTS_H_
#define NEURON_EMBED_CORE_LIVE_OBJECTS_H_

#include <atomic>
#include <cstdint>

namespace neuron_embed {

struct LiveObjects {
  std::atomic<int64_t> runtimes{0};
  std::atomic<int64_t> models{0};
  std::atomic<int64_t> tensors{0};
  std::atomic<int64_t> tensor_sets{0};
  std::atomic<int64_t> slots{0};
};

inline LiveObjects live_objects;

// As a member of an object, it counts that object while it lives.
class LiveCount {
 public:
  explicit LiveCount(std::atomic<int64_t>& count) : count_(count) { ++count_; }
  ~LiveCount() { --count_; }
  LiveCount(const LiveCount&) = delete;
  LiveCount& operator=(const LiveCount&) = delete;

 private:
  std::atomic<int64_t>& count_;
};

}  // namespace neuron_embed

#endif  // NEURON_EMBED_CORE_LIVE_OBJECTS_H_
