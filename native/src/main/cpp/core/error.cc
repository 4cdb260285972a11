#include "core/error.h"

#include "nrt/nrt_status.h"

namespace neuron_embed {
namespace {

std::string Message(nrt::NRT_STATUS status, const char* operation, int core,
                    const std::string& detail, const std::string& hint) {
  std::string message = operation;
  if (!detail.empty()) message += " " + detail;
  if (core != kNoCore) message += ", core " + std::to_string(core);
  message += ": " + nrt::DescribeStatus(status);
  if (!hint.empty()) message += "; " + hint;
  return message;
}

}  // namespace

NrtError::NrtError(nrt::NRT_STATUS status, const char* operation, int core,
                   const std::string& detail, const std::string& hint)
    : Error(ErrorKind::kNrt, Message(status, operation, core, detail, hint)),
      status_(status),
      operation_(operation),
      core_(core) {}

}  // namespace neuron_embed
