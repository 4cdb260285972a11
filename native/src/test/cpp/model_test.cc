#include "core/model.h"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "emulator_test_base.h"

namespace neuron_embed::testing {
namespace {

class ModelTest : public EmulatorTestBase {};

TEST_F(ModelTest, TellsItsTensors) {
  const auto runtime = OpenRuntime();
  NeffOptions options;
  options.batch = 4;
  options.sequence_length = 128;
  options.hidden_size = 768;
  const NeffFile neff(options);
  const auto model = Model::Load(runtime, neff.path(), 1);
  EXPECT_EQ(model->core(), 1);
  ASSERT_EQ(model->inputs().size(), 2u);
  EXPECT_EQ(model->inputs()[0].name, "input0");
  EXPECT_EQ(model->inputs()[0].size, 4u * 128 * 4);
  EXPECT_EQ(model->inputs()[0].dtype, nrt::NRT_DTYPE_INT32);
  EXPECT_EQ(model->inputs()[0].shape, (std::vector<uint32_t>{4, 128}));
  EXPECT_EQ(model->inputs()[1].name, "input1");
  ASSERT_EQ(model->outputs().size(), 1u);
  EXPECT_EQ(model->outputs()[0].name, "output0");
  EXPECT_EQ(model->outputs()[0].size, 4u * 768 * 4);
  EXPECT_EQ(model->outputs()[0].shape, (std::vector<uint32_t>{4, 768}));
  EXPECT_EQ(model->input_layout().offsets, (std::vector<size_t>{0, 2048}));
  EXPECT_EQ(model->input_layout().size, PageSize());
}

TEST_F(ModelTest, TheFileMayGoAfterLoading) {
  const auto runtime = OpenRuntime();
  std::shared_ptr<Model> model;
  {
    const NeffFile neff;
    model = Model::Load(runtime, neff.path(), 0);
  }
  OwnedSlot slot(model, InputPath::kWriteBatch);
  EXPECT_NO_THROW(slot->Execute());
}

TEST_F(ModelTest, ACoreThatIsNotVisibleIsRefused) {
  const auto runtime = OpenRuntime();
  const NeffFile neff;
  for (const int core : {-1, 2, 1000}) {
    const Thrown thrown = Catch([&] { Model::Load(runtime, neff.path(), core); });
    EXPECT_TRUE(Is(thrown, ErrorKind::kArgument)) << core;
    EXPECT_NE(thrown.message.find("0 to 1"), std::string::npos) << thrown.message;
  }
}

TEST_F(ModelTest, WhatIsNoNeffIsRefusedBeforeLibnrtSeesIt) {
  const auto runtime = OpenRuntime();
  SetFaults(R"([{"call":"load","status":1}])");
  const auto load = [&](std::vector<unsigned char> bytes) {
    const NeffFile neff;
    std::ofstream(neff.path(), std::ios::binary | std::ios::trunc)
        .write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    return Catch([&] { Model::Load(runtime, neff.path(), 0); });
  };
  std::vector<unsigned char> bytes = NeffBytes({});
  EXPECT_TRUE(Is(load(bytes), ErrorKind::kNrt)) << "the fault shows that libnrt was called";
  bytes.resize(bytes.size() - 1);
  EXPECT_NE(load(bytes).message.find("cut short"), std::string::npos);
  EXPECT_TRUE(Is(load(bytes), ErrorKind::kNeff));
  bytes.resize(100);
  EXPECT_TRUE(Is(load(bytes), ErrorKind::kNeff));
  bytes = NeffBytes({});
  bytes[24] = 9;
  EXPECT_NE(load(bytes).message.find("9.0"), std::string::npos);
  EXPECT_TRUE(Is(load(std::vector<unsigned char>(4096, 'x')), ErrorKind::kNeff));
  EXPECT_TRUE(Is(Catch([&] { Model::Load(runtime, "/nonexistent.neff", 0); }), ErrorKind::kFile));
}

TEST_F(ModelTest, ANeffForLogicalCoresIsRefusedOnInf2) {
  const auto runtime = OpenRuntime();
  NeffOptions options;
  options.lnc_size = 2;
  const NeffFile neff(options);
  const Thrown thrown = Catch([&] { Model::Load(runtime, neff.path(), 0); });
  EXPECT_TRUE(Is(thrown, ErrorKind::kNeff));
  EXPECT_NE(thrown.message.find("--target inf2"), std::string::npos) << thrown.message;
}

TEST_F(ModelTest, SeveralShapesShareACore) {
  const auto runtime = OpenRuntime();
  NeffOptions longer;
  longer.sequence_length = 128;
  const NeffFile short_neff;
  const NeffFile long_neff(longer);
  const auto short_model = Model::Load(runtime, short_neff.path(), 0);
  const auto long_model = Model::Load(runtime, long_neff.path(), 0);
  OwnedSlot short_slot(short_model, InputPath::kWriteBatch);
  OwnedSlot long_slot(long_model, InputPath::kWriteBatch);
  EXPECT_EQ(short_slot.Run(3), long_slot.Run(3)) << "padding does not count";
}

TEST_F(ModelTest, ModelsLoadFromManyThreads) {
  const auto runtime = OpenRuntime();
  const NeffFile neff;
  std::vector<std::thread> threads;
  std::vector<std::shared_ptr<Model>> models(8);
  for (size_t i = 0; i < models.size(); ++i) {
    threads.emplace_back(
        [&, i] { models[i] = Model::Load(runtime, neff.path(), static_cast<int>(i % 2)); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(runtime->live_models(), 8);
  EXPECT_EQ(Counters().live_models, 8u);
}

TEST_F(ModelTest, AFailedUnloadIsReportedAndOver) {
  const auto runtime = OpenRuntime();
  const NeffFile neff;
  const auto model = Model::Load(runtime, neff.path(), 0);
  SetFaults(R"([{"call":"unload","nth":1,"status":1}])");
  EXPECT_EQ(model->Unload(), nrt::NRT_FAILURE);
  EXPECT_EQ(model->Unload(), nrt::NRT_SUCCESS) << "the handle is gone: no second call";
  // nrt_close unloads the model that nrt_unload did not.
  expected_misuse_ = Counters().live_models;
}

}  // namespace
}  // namespace neuron_embed::testing
