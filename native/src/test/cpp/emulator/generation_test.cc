// Runtime generations: behaviour that follows from the version, and explicit settings.

#include <cstring>

#include "config.h"
#include "emulator_test.h"

namespace neuron_embed::emulator {
namespace {

Generation Of(const std::string& runtime) {
  Config config = DefaultConfig();
  std::string error;
  EXPECT_TRUE(ParseConfig(R"({"runtime": )" + runtime + "}", &config, &error)) << error;
  return config.generation;
}

TEST(GenerationOfVersionTest, FollowsTheReleaseNotes) {
  const Generation old = Of(R"({"version": "2.29.40.0"})");
  EXPECT_TRUE(old.old_dtypes);
  EXPECT_EQ(old.instance_info_bytes, 8u);
  EXPECT_EQ(old.attached_buffers, HostMemory::kCopy);
  EXPECT_FALSE(old.separate_transfer_queues);
  EXPECT_TRUE(old.implicit_async);

  const Generation renumbered = Of(R"({"version": "2.30.50"})");
  EXPECT_FALSE(renumbered.old_dtypes);
  EXPECT_EQ(renumbered.instance_info_bytes, 32u);
  EXPECT_EQ(renumbered.virtual_placement, HostMemory::kCopy);

  const Generation without_virtual = Of(R"({"version": "2.32.31.0"})");
  EXPECT_EQ(without_virtual.attached_buffers, HostMemory::kRefuse);
  EXPECT_EQ(without_virtual.virtual_placement, HostMemory::kRefuse);
  EXPECT_EQ(without_virtual.host_placement, HostMemory::kCopy);
  EXPECT_TRUE(without_virtual.separate_transfer_queues);
  EXPECT_TRUE(without_virtual.implicit_async);

  EXPECT_FALSE(Of(R"({"version": "2.34.10.0"})").implicit_async);
  EXPECT_EQ(Of(R"({"version": "2.34.10.0"})").profile_bytes, 0u);

  const Generation newest = Of(R"({"version": "2.35.30.0"})");
  EXPECT_EQ(newest.profile_bytes, 64u << 20);
  EXPECT_FALSE(newest.old_dtypes);
  EXPECT_FALSE(newest.implicit_async);
  EXPECT_EQ(newest.attached_buffers, HostMemory::kRefuse);
  EXPECT_FALSE(Of(R"({"version": "3.0.0.0"})").implicit_async);
}

TEST(GenerationOfVersionTest, ExplicitKeysWin) {
  const Generation mixed = Of(
      R"({"version": "2.34.10.0", "dtypes": "old", "attachedBuffers": "copy",
          "hostPlacement": "refuse", "virtualPlacement": "copy", "instanceInfoBytes": 8,
          "separateTransferQueues": false, "profileBytes": 4096, "targetMismatchStatus": 6,
          "supportedFeatureBits": 3})");
  EXPECT_TRUE(mixed.old_dtypes);
  EXPECT_EQ(mixed.attached_buffers, HostMemory::kCopy);
  EXPECT_EQ(mixed.host_placement, HostMemory::kRefuse);
  EXPECT_EQ(mixed.virtual_placement, HostMemory::kCopy);
  EXPECT_EQ(mixed.instance_info_bytes, 8u);
  EXPECT_FALSE(mixed.separate_transfer_queues);
  EXPECT_EQ(mixed.profile_bytes, 4096u);
  EXPECT_EQ(mixed.target_mismatch, nrt::NRT_HW_ERROR);
  EXPECT_EQ(mixed.feature_bits, 3u);
}

using GenerationTest = EmulatorTest;

TEST_F(GenerationTest, VersionIsReported) {
  Start(R"("runtime": {"version": "2.34.10.7"})");
  nrt::nrt_version_t version;
  ASSERT_EQ(nrt_get_version(&version, sizeof(version)), nrt::NRT_SUCCESS);
  EXPECT_EQ(version.rt_major, 2u);
  EXPECT_EQ(version.rt_minor, 34u);
  EXPECT_EQ(version.rt_patch, 10u);
  EXPECT_EQ(version.rt_maintenance, 7u);
}

TEST_F(GenerationTest, ADeviceProfileReservesMemoryOfEachCoreFrom2_35On) {
  const ScopedVariable enabled("NEURON_RT_INSPECT_ENABLE", "1");
  const auto used = [](uint32_t core) {
    nrt::nrt_vnc_memory_stats_t stats = {};
    size_t filled = 0;
    EXPECT_EQ(nrt_get_vnc_memory_stats(core, &stats, sizeof(stats), &filled), nrt::NRT_SUCCESS);
    return stats.bytes_used;
  };
  Start(R"("runtime": {"version": "2.35.30.0"})");
  EXPECT_EQ(used(0), 0u) << "a system profile needs none";
  Close();
  {
    const ScopedVariable device("NEURON_RT_INSPECT_DEVICE_PROFILE", "session");
    Start(R"("runtime": {"version": "2.34.10.0"})");
    EXPECT_EQ(used(0), 0u);
    Close();
    Start(R"("runtime": {"version": "2.35.30.0"})");
    EXPECT_EQ(used(0), 64u << 20);
    EXPECT_EQ(used(1), 64u << 20);
    Close();
    Configure(R"("deviceMemoryBytes": 1048576, "runtime": {"version": "2.35.30.0"})");
    EXPECT_EQ(nrt_init(nrt::NRT_FRAMEWORK_TYPE_NO_FW, "", ""), nrt::NRT_RESOURCE);
  }
  Start(R"("runtime": {"version": "2.35.30.0"})");
}

TEST_F(GenerationTest, OldDtypeNumbering) {
  Start(R"("runtime": {"dtypes": "old"})");
  ToySpec spec;
  spec.output_dtype = "bfloat16";
  nrt::nrt_model_t* models[2] = {LoadModel(ToyNeff()), LoadModel(ToyNeff(spec))};
  const uint32_t expected[2] = {nrt::LEGACY_DTYPE_FLOAT32, nrt::LEGACY_DTYPE_BFLOAT16};
  for (int i = 0; i < 2; ++i) {
    nrt::nrt_tensor_info_array_t* infos = nullptr;
    ASSERT_EQ(nrt_get_model_tensor_info(models[i], &infos), nrt::NRT_SUCCESS);
    EXPECT_EQ(uint32_t{nrt::TensorInfoAt(infos, 0)->dtype}, uint32_t{nrt::LEGACY_DTYPE_INT32});
    EXPECT_EQ(uint32_t{nrt::TensorInfoAt(infos, 2)->dtype}, expected[i]);
    EXPECT_EQ(nrt_free_model_tensor_info(infos), nrt::NRT_SUCCESS);
    EXPECT_EQ(nrt_unload(models[i]), nrt::NRT_SUCCESS);
  }
}

TEST_F(GenerationTest, ShortInstanceInfo) {
  Start(R"("runtime": {"version": "2.29.40.0"})");
  nrt::nrt_instance_info_t info = {};
  EXPECT_EQ(nrt_get_instance_info(&info, sizeof(info)), nrt::NRT_INVALID);
  ExpectMisuse(NRT_EMULATOR_MISUSE_ARGUMENT, 1);
  EXPECT_EQ(nrt_get_instance_info(&info, 8), nrt::NRT_SUCCESS);
  EXPECT_EQ(info.family, uint32_t{nrt::NRT_INSTANCE_INF2});
  EXPECT_EQ(info.arch_name[0], '\0');
}

TEST_F(GenerationTest, AttachedBuffersWorkByCopy) {
  Start();
  const ToySpec spec;
  nrt::nrt_model_t* model = LoadModel(ToyNeff(spec));
  {
    ToySlot slot(model, spec);
    std::vector<int32_t> ids = SomeIds(spec);
    std::vector<int32_t> mask = FullMask(spec);
    std::vector<float> vectors(spec.output_bytes() / 4);
    nrt::nrt_tensor_t* attached[3] = {};
    void* const buffers[3] = {ids.data(), mask.data(), vectors.data()};
    const size_t sizes[3] = {spec.input_bytes(), spec.input_bytes(), spec.output_bytes()};
    for (int i = 0; i < 3; ++i) {
      ASSERT_EQ(nrt_tensor_allocate_empty("attached", &attached[i]), nrt::NRT_SUCCESS);
      EXPECT_EQ(nrt_tensor_get_size(attached[i]), 0u);
      EXPECT_EQ(nrt_tensor_get_va(attached[i]), nullptr);
      ASSERT_EQ(nrt_tensor_attach_buffer(attached[i], buffers[i], sizes[i]), nrt::NRT_SUCCESS);
      EXPECT_EQ(nrt_tensor_get_va(attached[i]), buffers[i]);
    }
    nrt::nrt_tensor_set_t* inputs = NewSet({{"input0", attached[0]}, {"input1", attached[1]}});
    nrt::nrt_tensor_set_t* outputs = NewSet({{"output0", attached[2]}});
    ASSERT_EQ(nrt_execute(model, inputs, outputs), nrt::NRT_SUCCESS);
    const std::vector<float> first = HashVector(ids, mask, 0, 8, 96);
    EXPECT_EQ(std::memcmp(vectors.data(), first.data(), 96 * 4), 0);
    ids[0] = 99;  // the input is the caller's memory, without a copy
    ASSERT_EQ(nrt_execute(model, inputs, outputs), nrt::NRT_SUCCESS);
    const std::vector<float> second = HashVector(ids, mask, 0, 8, 96);
    EXPECT_EQ(std::memcmp(vectors.data(), second.data(), 96 * 4), 0);
    EXPECT_EQ(Counters().attached_copies, 6u) << "every execution copies each of the three";

    int32_t id = 0;
    ASSERT_EQ(nrt_tensor_read(attached[0], &id, 0, 4), nrt::NRT_SUCCESS);
    EXPECT_EQ(id, 99);
    nrt_emulator_transfer_t record;
    size_t count = 0;
    ASSERT_EQ(nrt_emulator_get_transfers(-1, &record, 1, &count), 0u);
    ASSERT_EQ(count, 1u);
    EXPECT_EQ(record.buffer, reinterpret_cast<uintptr_t>(&id));

    nrt_destroy_tensor_set(&inputs);
    nrt_destroy_tensor_set(&outputs);
    for (nrt::nrt_tensor_t*& tensor : attached) nrt_tensor_free(&tensor);
  }
  EXPECT_EQ(nrt_unload(model), nrt::NRT_SUCCESS);
}

TEST_F(GenerationTest, EmptyTensorHasNoBytes) {
  Start();
  const ToySpec spec;
  nrt::nrt_model_t* model = LoadModel(ToyNeff(spec));
  {
    ToySlot slot(model, spec);
    nrt::nrt_tensor_t* empty = nullptr;
    ASSERT_EQ(nrt_tensor_allocate_empty(nullptr, &empty), nrt::NRT_SUCCESS);
    int32_t word = 0;
    EXPECT_EQ(nrt_tensor_write(empty, &word, 0, 4), nrt::NRT_INVALID);
    ExpectMisuse(NRT_EMULATOR_MISUSE_BOUNDS, 1);
    ASSERT_EQ(nrt_add_tensor_to_tensor_set(slot.inputs, "input0", empty), nrt::NRT_SUCCESS);
    EXPECT_EQ(slot.Execute(), nrt::NRT_INVALID);
    ExpectMisuse(NRT_EMULATOR_MISUSE_TENSOR_SET, 1);
    EXPECT_EQ(nrt_tensor_attach_buffer(empty, nullptr, 4), nrt::NRT_INVALID);
    ExpectMisuse(NRT_EMULATOR_MISUSE_ARGUMENT, 1);
    nrt_destroy_tensor_set(&slot.inputs);
    nrt_tensor_free(&empty);
  }
  EXPECT_EQ(nrt_unload(model), nrt::NRT_SUCCESS);
}

TEST_F(GenerationTest, AttachReplacesDeviceMemory) {
  Start();
  nrt::nrt_tensor_t* tensor = NewTensor(64);
  std::vector<uint8_t> buffer(16, 3);
  ASSERT_EQ(nrt_tensor_attach_buffer(tensor, buffer.data(), 16), nrt::NRT_SUCCESS);
  EXPECT_EQ(nrt_tensor_get_size(tensor), 16u);
  nrt::nrt_vnc_memory_stats_t stats;
  size_t filled = 0;
  ASSERT_EQ(nrt_get_vnc_memory_stats(0, &stats, sizeof(stats), &filled), nrt::NRT_SUCCESS);
  EXPECT_EQ(stats.bytes_used, 0u);
  nrt::nrt_tensor_device_allocation_info_t info;
  EXPECT_EQ(nrt_tensor_get_device_allocation_info(tensor, &info), nrt::NRT_INVALID);
  ExpectMisuse(NRT_EMULATOR_MISUSE_ARGUMENT, 1);
  nrt_tensor_free(&tensor);
}

TEST_F(GenerationTest, NewRuntimesRefuse) {
  Start(R"("runtime": {"version": "2.32.31.0", "hostPlacement": "refuse"})");
  nrt::nrt_tensor_t* tensor = nullptr;
  EXPECT_EQ(nrt_tensor_allocate(nrt::NRT_TENSOR_PLACEMENT_VIRTUAL, -1, 64, "", &tensor),
            nrt::NRT_INVALID);
  EXPECT_EQ(nrt_tensor_allocate(nrt::NRT_TENSOR_PLACEMENT_HOST, -1, 64, "", &tensor),
            nrt::NRT_INVALID);
  ASSERT_EQ(nrt_tensor_allocate_empty("", &tensor), nrt::NRT_SUCCESS);
  uint64_t buffer = 0;
  EXPECT_EQ(nrt_tensor_attach_buffer(tensor, &buffer, 8), nrt::NRT_INVALID);
  ExpectMisuse(NRT_EMULATOR_MISUSE_PLACEMENT, 3);
  nrt_tensor_free(&tensor);
}

TEST_F(GenerationTest, HostPlacementWorksByCopyUpToFourMegabytes) {
  Start();
  const ToySpec spec;
  nrt::nrt_model_t* model = LoadModel(ToyNeff(spec));
  {
    ToySlot slot(model, spec);
    nrt::nrt_tensor_t* host = NewTensor(spec.input_bytes(), -1, nrt::NRT_TENSOR_PLACEMENT_HOST);
    nrt::nrt_tensor_t* large = nullptr;
    EXPECT_EQ(nrt_tensor_allocate(nrt::NRT_TENSOR_PLACEMENT_HOST, -1, (4 << 20) + 1, "", &large),
              nrt::NRT_RESOURCE);
    ASSERT_EQ(slot.Write(SomeIds(spec), FullMask(spec)), nrt::NRT_SUCCESS);
    ASSERT_EQ(slot.Execute(), nrt::NRT_SUCCESS);
    ASSERT_EQ(slot.Read(), nrt::NRT_SUCCESS);
    const std::vector<float> expected = slot.floats;
    ASSERT_EQ(nrt_tensor_copy(slot.ids, 0, host, 0, spec.input_bytes()), nrt::NRT_SUCCESS);
    ASSERT_EQ(nrt_add_tensor_to_tensor_set(slot.inputs, "input0", host), nrt::NRT_SUCCESS);
    ASSERT_EQ(slot.Execute(), nrt::NRT_SUCCESS);
    ASSERT_EQ(slot.Read(), nrt::NRT_SUCCESS);
    EXPECT_EQ(slot.floats, expected);
    EXPECT_EQ(Counters().attached_copies, 1u);
    nrt_destroy_tensor_set(&slot.inputs);
    nrt_tensor_free(&host);
  }
  EXPECT_EQ(nrt_unload(model), nrt::NRT_SUCCESS);
}

}  // namespace
}  // namespace neuron_embed::emulator
