// Tensors, slices, attached buffers and tensor sets, without executions.

#include <cstring>
#include <numeric>

#include "emulator_test.h"

namespace neuron_embed::emulator {
namespace {

using TensorTest = EmulatorTest;

std::vector<uint8_t> Bytes(size_t size, uint8_t first = 0) {
  std::vector<uint8_t> bytes(size);
  std::iota(bytes.begin(), bytes.end(), first);
  return bytes;
}

std::vector<uint8_t> Contents(nrt::nrt_tensor_t* tensor) {
  std::vector<uint8_t> bytes(nrt_tensor_get_size(tensor));
  EXPECT_EQ(nrt_tensor_read(tensor, bytes.data(), 0, bytes.size()), nrt::NRT_SUCCESS);
  return bytes;
}

TEST_F(TensorTest, WriteAndReadMoveBytes) {
  Start();
  nrt::nrt_tensor_t* tensor = NewTensor(64);
  EXPECT_EQ(nrt_tensor_get_size(tensor), 64u);
  const std::vector<uint8_t> bytes = Bytes(64);
  ASSERT_EQ(nrt_tensor_write(tensor, bytes.data(), 0, 64), nrt::NRT_SUCCESS);
  EXPECT_EQ(Contents(tensor), bytes);
  nrt_tensor_free(&tensor);
  EXPECT_EQ(tensor, nullptr);
}

TEST_F(TensorTest, PartialWriteLeavesTheRest) {
  Start();
  nrt::nrt_tensor_t* tensor = NewTensor(16);
  ASSERT_EQ(nrt_tensor_memset(tensor, 0, 7, 16), nrt::NRT_SUCCESS);
  const uint8_t two[] = {1, 2};
  ASSERT_EQ(nrt_tensor_write(tensor, two, 3, 2), nrt::NRT_SUCCESS);
  const std::vector<uint8_t> expected = {7, 7, 7, 1, 2, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7};
  EXPECT_EQ(Contents(tensor), expected);
  nrt_tensor_free(&tensor);
}

TEST_F(TensorTest, NewTensorsHoldNoValidIds) {
  Start();
  nrt::nrt_tensor_t* tensor = NewTensor(4);
  int32_t value = 0;
  ASSERT_EQ(nrt_tensor_read(tensor, &value, 0, 4), nrt::NRT_SUCCESS);
  EXPECT_LT(value, 0);
  nrt_tensor_free(&tensor);
}

TEST_F(TensorTest, BoundsAreChecked) {
  Start();
  nrt::nrt_tensor_t* tensor = NewTensor(16);
  uint8_t buffer[32] = {};
  EXPECT_EQ(nrt_tensor_write(tensor, buffer, 0, 17), nrt::NRT_INVALID);
  EXPECT_EQ(nrt_tensor_write(tensor, buffer, 16, 1), nrt::NRT_INVALID);
  EXPECT_EQ(nrt_tensor_write(tensor, buffer, SIZE_MAX, 2), nrt::NRT_INVALID);
  EXPECT_EQ(nrt_tensor_read(tensor, buffer, 8, 9), nrt::NRT_INVALID);
  EXPECT_EQ(nrt_tensor_read(tensor, buffer, 1, SIZE_MAX), nrt::NRT_INVALID);
  EXPECT_EQ(nrt_tensor_memset(tensor, 10, 0, 7), nrt::NRT_INVALID);
  EXPECT_EQ(nrt_tensor_copy(tensor, 0, tensor, 8, 9), nrt::NRT_INVALID);
  nrt::nrt_tensor_t* slice = nullptr;
  EXPECT_EQ(nrt_tensor_allocate_slice(tensor, 8, 9, "", &slice), nrt::NRT_INVALID);
  ExpectMisuse(NRT_EMULATOR_MISUSE_BOUNDS, 8);
  EXPECT_EQ(nrt_tensor_write(tensor, buffer, 16, 0), nrt::NRT_SUCCESS) << "nothing at the end";
  nrt_tensor_free(&tensor);
}

TEST_F(TensorTest, ArgumentsAreChecked) {
  Start();
  nrt::nrt_tensor_t* tensor = nullptr;
  constexpr auto kDevice = nrt::NRT_TENSOR_PLACEMENT_DEVICE;
  EXPECT_EQ(nrt_tensor_allocate(kDevice, 2, 4, "", &tensor), nrt::NRT_INVALID);
  EXPECT_EQ(nrt_tensor_allocate(kDevice, -1, 4, "", &tensor), nrt::NRT_INVALID);
  EXPECT_EQ(nrt_tensor_allocate(kDevice, 0, 0, "", &tensor), nrt::NRT_INVALID);
  EXPECT_EQ(nrt_tensor_allocate(kDevice, 0, 4, "", nullptr), nrt::NRT_INVALID);
  EXPECT_EQ(nrt_tensor_allocate(static_cast<nrt::nrt_tensor_placement_t>(3), 0, 4, "", &tensor),
            nrt::NRT_INVALID);
  ASSERT_EQ(nrt_tensor_allocate(kDevice, 0, 4, nullptr, &tensor), nrt::NRT_SUCCESS);
  EXPECT_EQ(nrt_tensor_write(tensor, nullptr, 0, 4), nrt::NRT_INVALID);
  EXPECT_EQ(nrt_tensor_read(nullptr, &tensor, 0, 4), nrt::NRT_INVALID);
  EXPECT_EQ(nrt_tensor_get_size(nullptr), 0u);
  EXPECT_EQ(nrt_tensor_get_va(nullptr), nullptr);
  ExpectMisuse(NRT_EMULATOR_MISUSE_ARGUMENT, 9);
  nrt_tensor_free(&tensor);
}

TEST_F(TensorTest, StaleAndForeignHandlesAreRecognised) {
  Start();
  nrt::nrt_tensor_t* tensor = NewTensor(16);
  nrt::nrt_tensor_t* copy = tensor;
  nrt::nrt_tensor_set_t* set = NewSet({});
  nrt_tensor_free(&tensor);
  uint8_t byte = 0;
  EXPECT_EQ(nrt_tensor_write(copy, &byte, 0, 1), nrt::NRT_INVALID_HANDLE);
  EXPECT_EQ(nrt_tensor_read(copy, &byte, 0, 1), nrt::NRT_INVALID_HANDLE);
  EXPECT_EQ(nrt_tensor_get_size(copy), 0u);
  EXPECT_EQ(nrt_add_tensor_to_tensor_set(set, "x", copy), nrt::NRT_INVALID_HANDLE);
  ExpectMisuse(NRT_EMULATOR_MISUSE_STALE_HANDLE, 4);

  auto* of_stack = reinterpret_cast<nrt::nrt_tensor_t*>(&byte);
  EXPECT_EQ(nrt_tensor_write(of_stack, &byte, 0, 1), nrt::NRT_INVALID_HANDLE);
  auto* of_set = static_cast<nrt::nrt_tensor_t*>(set);
  EXPECT_EQ(nrt_tensor_write(of_set, &byte, 0, 1), nrt::NRT_INVALID_HANDLE);
  ExpectMisuse(NRT_EMULATOR_MISUSE_BAD_HANDLE, 2);

  nrt_tensor_free(&copy);
  nrt::nrt_tensor_set_t* set_copy = set;
  nrt_destroy_tensor_set(&set);
  nrt_destroy_tensor_set(&set_copy);
  ExpectMisuse(NRT_EMULATOR_MISUSE_DOUBLE_FREE, 2);
  nrt_destroy_tensor_set(&set_copy);  // NULL by now
  nrt_tensor_free(nullptr);
  ExpectMisuse(NRT_EMULATOR_MISUSE_ARGUMENT, 2);
  nrt_tensor_free(&of_stack);
  ExpectMisuse(NRT_EMULATOR_MISUSE_BAD_HANDLE, 1);
}

TEST_F(TensorTest, SlicesShareAndOutliveTheirSource) {
  Start();
  nrt::nrt_tensor_t* source = NewTensor(64);
  nrt::nrt_tensor_t* slice = nullptr;
  nrt::nrt_tensor_t* inner = nullptr;
  ASSERT_EQ(nrt_tensor_allocate_slice(source, 16, 32, "slice", &slice), nrt::NRT_SUCCESS);
  ASSERT_EQ(nrt_tensor_allocate_slice(slice, 8, 8, "inner", &inner), nrt::NRT_SUCCESS);
  const std::vector<uint8_t> bytes = Bytes(64);
  ASSERT_EQ(nrt_tensor_write(source, bytes.data(), 0, 64), nrt::NRT_SUCCESS);
  nrt_tensor_free(&source);
  EXPECT_EQ(Contents(slice), Bytes(32, 16));
  EXPECT_EQ(Contents(inner), Bytes(8, 24));
  uint8_t buffer[16];
  EXPECT_EQ(nrt_tensor_read(inner, buffer, 0, 9), nrt::NRT_INVALID);
  ExpectMisuse(NRT_EMULATOR_MISUSE_BOUNDS, 1);
  nrt_tensor_free(&inner);
  nrt_tensor_free(&slice);
}

TEST_F(TensorTest, BatchesMoveManyPieces) {
  Start();
  nrt::nrt_tensor_t* first = NewTensor(8);
  nrt::nrt_tensor_t* second = NewTensor(8);
  std::vector<uint8_t> bytes = Bytes(16);
  const nrt::nrt_tensor_batch_op_t first_ops[] = {{0, 4, bytes.data()}, {4, 4, bytes.data() + 4}};
  const nrt::nrt_tensor_batch_op_t second_ops[] = {{0, 8, bytes.data() + 8}};
  const nrt::nrt_tensor_batch_t batches[] = {{first, first_ops, 2}, {second, second_ops, 1}};
  ASSERT_EQ(nrt_tensor_write_batch(batches, 2, false), nrt::NRT_SUCCESS);
  EXPECT_EQ(Contents(first), Bytes(8));
  EXPECT_EQ(Contents(second), Bytes(8, 8));
  std::fill(bytes.begin(), bytes.end(), uint8_t{0});
  ASSERT_EQ(nrt_tensor_read_batch(batches, 2, true), nrt::NRT_SUCCESS);
  EXPECT_EQ(bytes, Bytes(16));

  nrt_emulator_core_t core;
  ASSERT_EQ(nrt_emulator_get_core(0, &core, sizeof(core)), 0u);
  EXPECT_EQ(core.writes, 1u) << "a batch is one request";
  EXPECT_EQ(core.bytes_written, 16u);
  nrt_tensor_free(&first);
  nrt_tensor_free(&second);
}

TEST_F(TensorTest, BadBatchMovesNothing) {
  Start();
  nrt::nrt_tensor_t* first = NewTensor(4);
  nrt::nrt_tensor_t* second = NewTensor(4);
  ASSERT_EQ(nrt_tensor_memset(first, 0, 9, 4), nrt::NRT_SUCCESS);
  uint8_t bytes[8] = {};
  const nrt::nrt_tensor_batch_op_t good = {0, 4, bytes};
  const nrt::nrt_tensor_batch_op_t bad = {1, 4, bytes};
  const nrt::nrt_tensor_batch_t batches[] = {{first, &good, 1}, {second, &bad, 1}};
  EXPECT_EQ(nrt_tensor_write_batch(batches, 2, false), nrt::NRT_INVALID);
  ExpectMisuse(NRT_EMULATOR_MISUSE_BOUNDS, 1);
  EXPECT_EQ(Contents(first), std::vector<uint8_t>(4, 9));
  EXPECT_EQ(nrt_tensor_write_batch(nullptr, 1, false), nrt::NRT_INVALID);
  ExpectMisuse(NRT_EMULATOR_MISUSE_ARGUMENT, 1);
  EXPECT_EQ(nrt_tensor_write_batch(nullptr, 0, false), nrt::NRT_SUCCESS);
  nrt_tensor_free(&first);
  nrt_tensor_free(&second);
}

TEST_F(TensorTest, CopyStaysOnACore) {
  Start();
  nrt::nrt_tensor_t* source = NewTensor(16, 0);
  nrt::nrt_tensor_t* near = NewTensor(16, 0);
  nrt::nrt_tensor_t* far = NewTensor(16, 1);
  const std::vector<uint8_t> bytes = Bytes(16);
  ASSERT_EQ(nrt_tensor_write(source, bytes.data(), 0, 16), nrt::NRT_SUCCESS);
  ASSERT_EQ(nrt_tensor_copy(source, 8, near, 0, 8), nrt::NRT_SUCCESS);
  uint8_t moved[8];
  ASSERT_EQ(nrt_tensor_read(near, moved, 0, 8), nrt::NRT_SUCCESS);
  EXPECT_EQ(std::memcmp(moved, bytes.data() + 8, 8), 0);
  EXPECT_EQ(nrt_tensor_copy(source, 0, far, 0, 16), nrt::NRT_INVALID);
  ExpectMisuse(NRT_EMULATOR_MISUSE_CORE, 1);
  EXPECT_EQ(nrt_tensor_copy(source, 0, source, 8, 8), nrt::NRT_SUCCESS) << "disjoint halves";
  EXPECT_EQ(nrt_tensor_copy(source, 0, source, 4, 8), nrt::NRT_INVALID);
  ExpectMisuse(NRT_EMULATOR_MISUSE_CONCURRENT_USE, 1);
  nrt_tensor_free(&source);
  nrt_tensor_free(&near);
  nrt_tensor_free(&far);
}

TEST_F(TensorTest, DeviceMemoryRunsOut) {
  Start(R"("deviceMemoryBytes": 1048576)");
  nrt::nrt_tensor_t* half = NewTensor(524288);
  nrt::nrt_tensor_t* other = NewTensor(1048576, 1);
  nrt::nrt_tensor_t* over = nullptr;
  EXPECT_EQ(nrt_tensor_allocate(nrt::NRT_TENSOR_PLACEMENT_DEVICE, 0, 524289, "", &over),
            nrt::NRT_RESOURCE);
  nrt::nrt_vnc_memory_stats_t stats;
  size_t filled = 0;
  ASSERT_EQ(nrt_get_vnc_memory_stats(0, &stats, sizeof(stats), &filled), nrt::NRT_SUCCESS);
  EXPECT_EQ(filled, sizeof(stats));
  EXPECT_EQ(stats.bytes_used, 524288u);
  EXPECT_EQ(stats.bytes_limit, 1048576u);
  const std::string neff = ToyNeff();
  nrt::nrt_model_t* model = nullptr;
  EXPECT_EQ(nrt_load(neff.data(), neff.size(), 0, -1, &model), nrt::NRT_RESOURCE);
  nrt_tensor_free(&half);
  nrt_tensor_free(&other);
  EXPECT_EQ(nrt_get_vnc_memory_stats(7, &stats, sizeof(stats), &filled), nrt::NRT_INVALID);
  ExpectMisuse(NRT_EMULATOR_MISUSE_ARGUMENT, 1);
}

TEST_F(TensorTest, SetsMapNamesToTensors) {
  Start();
  nrt::nrt_tensor_t* first = NewTensor(4);
  nrt::nrt_tensor_t* second = NewTensor(4);
  nrt::nrt_tensor_set_t* set = NewSet({{"x", first}});
  nrt::nrt_tensor_t* found = nullptr;
  EXPECT_EQ(nrt_get_tensor_from_tensor_set(set, "x", &found), nrt::NRT_SUCCESS);
  EXPECT_EQ(found, first);
  EXPECT_EQ(nrt_get_tensor_from_tensor_set(set, "y", &found), nrt::NRT_FAILURE);
  ASSERT_EQ(nrt_add_tensor_to_tensor_set(set, "x", second), nrt::NRT_SUCCESS);
  EXPECT_EQ(nrt_get_tensor_from_tensor_set(set, "x", &found), nrt::NRT_SUCCESS);
  EXPECT_EQ(found, second) << "an existing name is replaced";
  nrt_tensor_free(&first);  // no longer in the set
  EXPECT_EQ(nrt_add_tensor_to_tensor_set(set, "", second), nrt::NRT_INVALID);
  EXPECT_EQ(nrt_add_tensor_to_tensor_set(set, std::string(256, 'n').c_str(), second),
            nrt::NRT_INVALID);
  EXPECT_EQ(nrt_add_tensor_to_tensor_set(nullptr, "x", second), nrt::NRT_INVALID);
  ExpectMisuse(NRT_EMULATOR_MISUSE_ARGUMENT, 3);
  nrt_destroy_tensor_set(&set);
  nrt_tensor_free(&second);
}

TEST_F(TensorTest, TensorsMustOutliveTheirSets) {
  Start();
  nrt::nrt_tensor_t* tensor = NewTensor(4);
  nrt::nrt_tensor_set_t* set = NewSet({{"x", tensor}});
  nrt_tensor_free(&tensor);
  ExpectMisuse(NRT_EMULATOR_MISUSE_FREE_IN_SET, 1);
  nrt_destroy_tensor_set(&set);
}

TEST_F(TensorTest, DeviceAllocationsAreDistinct) {
  Start();
  nrt::nrt_tensor_t* first = NewTensor(100);
  nrt::nrt_tensor_t* second = NewTensor(100);
  nrt::nrt_tensor_t* slice = nullptr;
  ASSERT_EQ(nrt_tensor_allocate_slice(first, 10, 20, "", &slice), nrt::NRT_SUCCESS);
  nrt::nrt_tensor_device_allocation_info_t infos[3];
  ASSERT_EQ(nrt_tensor_get_device_allocation_info(first, &infos[0]), nrt::NRT_SUCCESS);
  ASSERT_EQ(nrt_tensor_get_device_allocation_info(second, &infos[1]), nrt::NRT_SUCCESS);
  ASSERT_EQ(nrt_tensor_get_device_allocation_info(slice, &infos[2]), nrt::NRT_SUCCESS);
  EXPECT_GE(infos[1].physical_address, infos[0].physical_address + 100);
  EXPECT_EQ(infos[2].physical_address, infos[0].physical_address + 10);
  nrt_tensor_free(&slice);
  nrt_tensor_free(&first);
  nrt_tensor_free(&second);
}

TEST_F(TensorTest, MemcpyToDeviceNeedsDeviceMemory) {
  Start();
  nrt::nrt_tensor_t* tensor = NewTensor(16);
  auto* va = static_cast<uint8_t*>(nrt_tensor_get_va(tensor));
  ASSERT_NE(va, nullptr);
  const std::vector<uint8_t> bytes = Bytes(8);
  EXPECT_EQ(nrt_memcpy_to_device(va + 8, bytes.data(), 8), nrt::NRT_SUCCESS);
  EXPECT_EQ(nrt_memcpy_to_device(va + 9, bytes.data(), 8), nrt::NRT_INVALID);
  uint8_t host[8];
  EXPECT_EQ(nrt_memcpy_to_device(host, bytes.data(), 8), nrt::NRT_INVALID);
  ExpectMisuse(NRT_EMULATOR_MISUSE_BOUNDS, 2);
  const std::vector<uint8_t> contents = Contents(tensor);
  EXPECT_EQ(std::vector<uint8_t>(contents.begin() + 8, contents.end()), bytes);
  nrt_tensor_free(&tensor);
}

TEST_F(TensorTest, WhatTheEmulatorHasNotIsSaid) {
  Start();
  int fd = 0;
  void* address = nullptr;
  size_t size = 8;
  char name[8];
  EXPECT_EQ(nrt_get_dmabuf_fd(0, 0, &fd), nrt::NRT_INVALID);
  EXPECT_EQ(nrt_get_hbm_mmap_va(0, 0, &address, &size), nrt::NRT_INVALID);
  EXPECT_EQ(nrt_get_attached_efa_bdf(name, name, &size), nrt::NRT_FAILURE);
  EXPECT_EQ(nrt_register_async_exec_callback(nullptr, nullptr), nrt::NRT_SUCCESS);
  EXPECT_EQ(nrt_async_drain_queued_execs(0), nrt::NRT_SUCCESS);
  EXPECT_EQ(nrt_async_drain_queued_execs(5), nrt::NRT_INVALID);
  EXPECT_EQ(nrt_barrier(0, 0, 1), nrt::NRT_SUCCESS);
  EXPECT_EQ(nrt_barrier(0, 0, 2), nrt::NRT_INVALID);
}

TEST_F(TensorTest, TransfersAreRecordedAsTheCallerMadeThem) {
  Start();
  nrt::nrt_tensor_t* tensor = NewTensor(32);
  std::vector<uint8_t> buffer(32);
  ASSERT_EQ(nrt_tensor_write(tensor, buffer.data() + 3, 5, 7), nrt::NRT_SUCCESS);
  ASSERT_EQ(nrt_tensor_read(tensor, buffer.data(), 0, 32), nrt::NRT_SUCCESS);
  nrt_emulator_transfer_t records[8];
  size_t count = 0;
  ASSERT_EQ(nrt_emulator_get_transfers(0, records, 8, &count), 0u);
  ASSERT_EQ(count, 2u);
  EXPECT_EQ(records[0].direction, uint32_t{NRT_EMULATOR_WRITE});
  EXPECT_EQ(records[0].buffer, reinterpret_cast<uintptr_t>(buffer.data() + 3));
  EXPECT_EQ(records[0].tensor, reinterpret_cast<uintptr_t>(tensor));
  EXPECT_EQ(records[0].offset, 5u);
  EXPECT_EQ(records[0].size, 7u);
  EXPECT_EQ(records[1].direction, uint32_t{NRT_EMULATOR_READ});
  EXPECT_EQ(records[1].buffer, reinterpret_cast<uintptr_t>(buffer.data()));
  ASSERT_EQ(nrt_emulator_get_transfers(0, records, 1, &count), 0u);
  ASSERT_EQ(count, 1u);
  EXPECT_EQ(records[0].sequence, 1u) << "the latest";
  EXPECT_EQ(nrt_emulator_get_transfers(2, records, 1, &count), uint32_t{nrt::NRT_INVALID});
  nrt_tensor_free(&tensor);
}

}  // namespace
}  // namespace neuron_embed::emulator
