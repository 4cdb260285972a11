#include "core/region_layout.h"

#include <unistd.h>

#include <limits>

#include "core/error.h"

namespace neuron_embed {
namespace {

size_t RoundUp(size_t value, size_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

}  // namespace

RegionLayout::RegionLayout(const std::vector<size_t>& sizes, size_t page_size) {
  size_t end = 0;
  for (const size_t bytes : sizes) {
    // Leaves space for rounding up to a page twice.
    if (bytes > std::numeric_limits<size_t>::max() - end - 3 * page_size) {
      throw Error(ErrorKind::kNeff, "the model's tensors do not fit into memory");
    }
    size_t offset = RoundUp(end, kTensorAlignment);
    const bool crosses = offset / page_size != (offset + bytes - 1) / page_size;
    if (crosses && bytes <= page_size) offset = RoundUp(offset, page_size);
    offsets.push_back(offset);
    end = offset + bytes;
  }
  size = RoundUp(end, page_size);
}

size_t PageSize() {
  static const size_t size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return size;
}

}  // namespace neuron_embed
