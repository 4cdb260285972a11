// After a slot's first execution, writing, executing and reading allocate nothing, because the
// emulator is used for measurements.

#include "../allocation_counter.h"
#include "emulator_test.h"

namespace neuron_embed::emulator {
namespace {

using AllocationTest = EmulatorTest;

TEST_F(AllocationTest, ASlotRunsWithout) {
  Start(R"("timing": {"fallback": {"baseMicros": 10}, "write": {"microsPerCall": 1}})");
  const ToySpec spec;
  nrt::nrt_model_t* model = LoadModel(ToyNeff(spec));
  {
    ToySlot slot(model, spec);
    std::vector<int32_t> ids = SomeIds(spec);
    std::vector<int32_t> mask = FullMask(spec);
    const nrt::nrt_tensor_batch_op_t ops[] = {{0, spec.input_bytes(), ids.data()},
                                              {0, spec.input_bytes(), mask.data()}};
    const nrt::nrt_tensor_batch_t batches[] = {{slot.ids, &ops[0], 1}, {slot.mask, &ops[1], 1}};
    const auto run = [&] {
      EXPECT_EQ(nrt_tensor_write_batch(batches, 2, false), nrt::NRT_SUCCESS);
      EXPECT_EQ(slot.Execute(), nrt::NRT_SUCCESS);
      EXPECT_EQ(slot.Read(), nrt::NRT_SUCCESS);
    };
    run();
    const int before = neuron_embed::testing::AllocationsOfThisThread();
    for (int i = 0; i < 100; ++i) run();
    EXPECT_EQ(neuron_embed::testing::AllocationsOfThisThread(), before);
  }
  EXPECT_EQ(nrt_unload(model), nrt::NRT_SUCCESS);
}

}  // namespace
}  // namespace neuron_embed::emulator
