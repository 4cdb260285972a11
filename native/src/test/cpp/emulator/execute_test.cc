// Executions: their results, and refused ones.

#include <cmath>
#include <cstring>

#include "bfloat16.h"
#include "emulator_test.h"

namespace neuron_embed::emulator {
namespace {

class ExecuteTest : public EmulatorTest {
 protected:
  // Loads a model and makes a slot. The destructor frees both before TearDown checks for leaks.
  struct Loaded {
    Loaded(const ToySpec& spec_in, int core = 0)
        : spec(spec_in), model(LoadModel(ToyNeff(spec_in), core)), slot(model, spec_in, core) {}
    ~Loaded() { EXPECT_EQ(nrt_unload(model), nrt::NRT_SUCCESS); }
    std::vector<float> Run(const std::vector<int32_t>& ids, const std::vector<int32_t>& mask) {
      EXPECT_EQ(slot.Write(ids, mask), nrt::NRT_SUCCESS);
      EXPECT_EQ(slot.Execute(), nrt::NRT_SUCCESS);
      EXPECT_EQ(slot.Read(), nrt::NRT_SUCCESS);
      return slot.floats;
    }
    const ToySpec spec;
    nrt::nrt_model_t* model;
    ToySlot slot;
  };
};

TEST_F(ExecuteTest, PooledRowsAreTheDocumentedHash) {
  Start();
  Loaded toy({});
  const std::vector<int32_t> ids = SomeIds(toy.spec);
  std::vector<int32_t> mask = FullMask(toy.spec);
  mask[6] = mask[7] = 0;
  const std::vector<float> rows = toy.Run(ids, mask);
  for (size_t row = 0; row < 2; ++row) {
    const std::vector<float> expected = HashVector(ids, mask, row, 8, 96);
    const std::vector<float> actual(rows.begin() + static_cast<ptrdiff_t>(row * 96),
                                    rows.begin() + static_cast<ptrdiff_t>(row * 96 + 96));
    EXPECT_EQ(actual, expected) << row;
    double squares = 0;
    for (const float value : actual) squares += double{value} * value;
    EXPECT_NEAR(squares, 1.0, 1e-6);
  }
}

// Fixes the hash function: a change would break the vectors of every test and packer.
TEST_F(ExecuteTest, HashIsTheSameForEver) {
  Start();
  ToySpec spec;
  spec.batch = 1;
  spec.sequence_length = 4;
  spec.hidden_size = 16;
  spec.vocabulary_size = 30522;
  Loaded toy(spec);
  const std::vector<float> vector = toy.Run({101, 7592, 102, 0}, {1, 1, 1, 0});
  std::string signs;
  for (const float value : vector) signs += value < 0 ? '-' : '+';
  EXPECT_EQ(signs, "+----++-+-+-+--+");
  EXPECT_EQ(std::fabs(vector[0]), 0.25f);
}

TEST_F(ExecuteTest, PaddingAndBucketDoNotMatter) {
  Start();
  ToySpec spec;
  spec.batch = 1;
  Loaded narrow(spec);
  spec.sequence_length = 16;
  spec.batch = 3;
  Loaded wide(spec);
  const std::vector<float> expected =
      narrow.Run({5, 6, 7, 0, 0, 0, 0, 0}, {1, 1, 1, 0, 0, 0, 0, 0});
  std::vector<int32_t> ids(48, 9);
  std::vector<int32_t> mask(48, 0);
  for (size_t i = 0; i < 3; ++i) {
    ids[16 + i] = static_cast<int32_t>(5 + i);
    mask[16 + i] = 1;
  }
  const std::vector<float> rows = wide.Run(ids, mask);
  EXPECT_EQ(std::vector<float>(rows.begin() + 96, rows.begin() + 192), expected);
  EXPECT_NE(std::vector<float>(rows.begin(), rows.begin() + 96), expected);
}

TEST_F(ExecuteTest, TextsOfAPackedRowAreHashedAsIfTheyWereAlone) {
  Start();
  ToySpec spec;
  spec.texts = 3;
  for (const char* dtype : {"int32", "int64"}) {
    spec.input_dtype = dtype;
    Loaded packed(spec);
    std::vector<int32_t> ids = SomeIds(spec);
    ids[2] = 0;  // within a text, the padding token is an ordinary token
    // Texts [0, 2), [2, 7) and padding; [0, 1), [1, 2), [2, 8): full.
    const std::vector<int32_t> starts = {0, 2, 7, 8, 0, 1, 2, 8};
    const std::vector<std::vector<int32_t>> texts = {{ids[0], ids[1]},
                                                     {ids.begin() + 2, ids.begin() + 7},
                                                     {ids[8]},
                                                     {ids[9]},
                                                     {ids.begin() + 10, ids.begin() + 16}};
    const std::vector<size_t> places = {0, 1, 3, 4, 5};
    if (spec.input_dtype == "int64") {
      const std::vector<int64_t> wide(ids.begin(), ids.end());
      ASSERT_EQ(nrt_tensor_write(packed.slot.ids, wide.data(), 0, wide.size() * sizeof(int64_t)),
                nrt::NRT_SUCCESS);
      ids.clear();
    }
    if (!ids.empty()) {
      ASSERT_EQ(nrt_tensor_write(packed.slot.ids, ids.data(), 0, spec.input_bytes()),
                nrt::NRT_SUCCESS);
    }
    ASSERT_EQ(nrt_tensor_write(packed.slot.mask, starts.data(), 0, spec.starts_bytes()),
              nrt::NRT_SUCCESS);
    ASSERT_EQ(packed.slot.Execute(), nrt::NRT_SUCCESS);
    ASSERT_EQ(packed.slot.Read(), nrt::NRT_SUCCESS);
    for (size_t i = 0; i < texts.size(); ++i) {
      const std::vector<int32_t> mask(texts[i].size(), 1);
      const auto begin = packed.slot.floats.begin() + static_cast<ptrdiff_t>(places[i] * 96);
      EXPECT_EQ(std::vector<float>(begin, begin + 96),
                HashVector(texts[i], mask, 0, texts[i].size(), 96))
          << dtype << " text " << i;
    }
  }
}

TEST_F(ExecuteTest, StartsAreChecked) {
  Start();
  ToySpec spec;
  spec.batch = 1;
  spec.texts = 2;
  Loaded toy(spec);
  for (const int32_t wrong : {-1, 9}) {
    ASSERT_EQ(toy.slot.Write(SomeIds(spec), {0, 3, wrong}), nrt::NRT_SUCCESS);
    EXPECT_EQ(toy.slot.Execute(), nrt::NRT_EXEC_BAD_INPUT) << wrong;
  }
  ASSERT_EQ(toy.slot.Write(SomeIds(spec), {0, 3, 8}), nrt::NRT_SUCCESS);
  EXPECT_EQ(toy.slot.Execute(), nrt::NRT_SUCCESS);
}

TEST_F(ExecuteTest, RawFirstTokenNormalisesToPooled) {
  Start();
  ToySpec spec;
  Loaded pooled(spec);
  spec.kind = "raw";
  Loaded raw(spec);
  const std::vector<float> expected = pooled.Run(SomeIds(spec), FullMask(spec));
  const std::vector<float> tokens = raw.Run(SomeIds(spec), FullMask(spec));
  for (size_t row = 0; row < 2; ++row) {
    for (size_t j = 0; j < 96; ++j) {
      EXPECT_FLOAT_EQ(tokens[row * 8 * 96 + j] / std::sqrt(96.0f), expected[row * 96 + j]);
    }
    EXPECT_NE(std::memcmp(&tokens[row * 8 * 96], &tokens[(row * 8 + 1) * 96], 96 * 4), 0);
  }
}

TEST_F(ExecuteTest, Bfloat16OutputIsRounded) {
  Start();
  ToySpec spec;
  Loaded wide(spec);
  spec.output_dtype = "bfloat16";
  Loaded narrow(spec);
  const std::vector<float> expected = wide.Run(SomeIds(spec), FullMask(spec));
  narrow.Run(SomeIds(spec), FullMask(spec));
  std::vector<uint16_t> words(2 * 96);
  ASSERT_EQ(nrt_tensor_read(narrow.slot.output, words.data(), 0, words.size() * 2),
            nrt::NRT_SUCCESS);
  for (size_t i = 0; i < words.size(); ++i) EXPECT_EQ(words[i], ToBfloat16(expected[i]));
}

TEST(Bfloat16Test, RoundsToNearestEven) {
  const auto bits = [](uint32_t word) {
    float value;
    std::memcpy(&value, &word, sizeof(value));
    return value;
  };
  EXPECT_EQ(ToBfloat16(bits(0x3F808000)), 0x3F80) << "a tie, even below";
  EXPECT_EQ(ToBfloat16(bits(0x3F818000)), 0x3F82) << "a tie, even above";
  EXPECT_EQ(ToBfloat16(bits(0x3F808001)), 0x3F81);
  EXPECT_EQ(ToBfloat16(bits(0x3F807FFF)), 0x3F80);
  EXPECT_EQ(ToBfloat16(bits(0x7F7FFFFF)), 0x7F80) << "to infinity";
  EXPECT_EQ(ToBfloat16(bits(0xFF800000)), 0xFF80);
  EXPECT_TRUE(std::isnan(FromBfloat16(ToBfloat16(bits(0x7F800001)))));
  EXPECT_EQ(FromBfloat16(0x3F81), bits(0x3F810000));
}

TEST_F(ExecuteTest, Int64LayoutGivesTheSameVectors) {
  Start();
  ToySpec spec;
  Loaded narrow(spec);
  const std::vector<float> expected = narrow.Run(SomeIds(spec), FullMask(spec));
  spec.input_dtype = "int64";
  Loaded wide(spec);
  const std::vector<int32_t> ids = SomeIds(spec);
  std::vector<int64_t> wide_ids(ids.begin(), ids.end());
  const std::vector<int64_t> wide_mask(ids.size(), 1);
  const size_t bytes = wide_ids.size() * sizeof(int64_t);
  ASSERT_EQ(nrt_tensor_write(wide.slot.ids, wide_ids.data(), 0, bytes), nrt::NRT_SUCCESS);
  ASSERT_EQ(nrt_tensor_write(wide.slot.mask, wide_mask.data(), 0, bytes), nrt::NRT_SUCCESS);
  ASSERT_EQ(wide.slot.Execute(), nrt::NRT_SUCCESS);
  ASSERT_EQ(wide.slot.Read(), nrt::NRT_SUCCESS);
  EXPECT_EQ(wide.slot.floats, expected);
  wide_ids[3] |= int64_t{1} << 32;
  ASSERT_EQ(nrt_tensor_write(wide.slot.ids, wide_ids.data(), 0, bytes), nrt::NRT_SUCCESS);
  EXPECT_EQ(wide.slot.Execute(), nrt::NRT_EXEC_OOB);
}

TEST_F(ExecuteTest, IdsAndMasksAreChecked) {
  Start();
  Loaded toy({});
  std::vector<int32_t> ids = SomeIds(toy.spec);
  std::vector<int32_t> mask = FullMask(toy.spec);
  EXPECT_EQ(toy.slot.Execute(), nrt::NRT_EXEC_OOB) << "nothing was written yet";
  ids[15] = 1000;
  ASSERT_EQ(toy.slot.Write(ids, mask), nrt::NRT_SUCCESS);
  EXPECT_EQ(toy.slot.Execute(), nrt::NRT_EXEC_OOB);
  ids[15] = -1;
  ASSERT_EQ(toy.slot.Write(ids, mask), nrt::NRT_SUCCESS);
  EXPECT_EQ(toy.slot.Execute(), nrt::NRT_EXEC_OOB);
  ids[15] = 999;
  mask[9] = 2;
  ASSERT_EQ(toy.slot.Write(ids, mask), nrt::NRT_SUCCESS);
  EXPECT_EQ(toy.slot.Execute(), nrt::NRT_EXEC_BAD_INPUT);
}

TEST_F(ExecuteTest, TokenTypesAreSeen) {
  Start();
  ToySpec spec;
  Loaded without(spec);
  const std::vector<float> expected = without.Run(SomeIds(spec), FullMask(spec));
  spec.with_types = true;
  nrt::nrt_model_t* model = LoadModel(ToyNeff(spec));
  {
    ToySlot slot(model, spec);
    nrt::nrt_tensor_t* types = NewTensor(spec.input_bytes());
    ASSERT_EQ(nrt_add_tensor_to_tensor_set(slot.inputs, "input2", types), nrt::NRT_SUCCESS);
    ASSERT_EQ(nrt_tensor_memset(types, 0, 0, spec.input_bytes()), nrt::NRT_SUCCESS);
    ASSERT_EQ(slot.Write(SomeIds(spec), FullMask(spec)), nrt::NRT_SUCCESS);
    ASSERT_EQ(slot.Execute(), nrt::NRT_SUCCESS);
    ASSERT_EQ(slot.Read(), nrt::NRT_SUCCESS);
    EXPECT_EQ(slot.floats, expected) << "types of 0 are as good as none";
    ASSERT_EQ(nrt_tensor_memset(types, 4, 1, 1), nrt::NRT_SUCCESS);
    ASSERT_EQ(slot.Execute(), nrt::NRT_SUCCESS);
    ASSERT_EQ(slot.Read(), nrt::NRT_SUCCESS);
    EXPECT_NE(slot.floats, expected);
    nrt_destroy_tensor_set(&slot.inputs);
    nrt_tensor_free(&types);
  }
  EXPECT_EQ(nrt_unload(model), nrt::NRT_SUCCESS);
}

TEST_F(ExecuteTest, MaskFromPadIdWhereThereIsNoMask) {
  Start();
  nrt::nrt_model_t* model = LoadModel(EmulatedNeff(
      R"({"format": 1, "batch": 1, "sequenceLength": 4, "compute": "hash", "padTokenId": 3,
          "inputs": [{"name": "ids", "role": "input_ids", "dtype": "int32"}],
          "outputs": [{"name": "out", "kind": "pooled", "dtype": "float32", "hiddenSize": 64}]})"));
  nrt::nrt_tensor_t* ids = NewTensor(16);
  nrt::nrt_tensor_t* output = NewTensor(256);
  nrt::nrt_tensor_set_t* both = NewSet({{"ids", ids}, {"out", output}});
  const std::vector<int32_t> tokens = {8, 9, 3, 3};
  ASSERT_EQ(nrt_tensor_write(ids, tokens.data(), 0, 16), nrt::NRT_SUCCESS);
  ASSERT_EQ(nrt_execute(model, both, both), nrt::NRT_SUCCESS) << "one set may be both";
  std::vector<float> vector(64);
  ASSERT_EQ(nrt_tensor_read(output, vector.data(), 0, 256), nrt::NRT_SUCCESS);
  EXPECT_EQ(vector, HashVector(tokens, {1, 1, 0, 0}, 0, 4, 64));
  nrt_destroy_tensor_set(&both);
  nrt_tensor_free(&ids);
  nrt_tensor_free(&output);
  EXPECT_EQ(nrt_unload(model), nrt::NRT_SUCCESS);
}

TEST_F(ExecuteTest, SlicesOfOneTensorServeAsInputs) {
  Start();
  const ToySpec spec;
  Loaded toy(spec);
  const size_t bytes = spec.input_bytes();
  nrt::nrt_tensor_t* backing = NewTensor(2 * bytes);
  nrt::nrt_tensor_t* ids = nullptr;
  nrt::nrt_tensor_t* mask = nullptr;
  ASSERT_EQ(nrt_tensor_allocate_slice(backing, 0, bytes, "", &ids), nrt::NRT_SUCCESS);
  ASSERT_EQ(nrt_tensor_allocate_slice(backing, bytes, bytes, "", &mask), nrt::NRT_SUCCESS);
  nrt::nrt_tensor_set_t* inputs = NewSet({{"input0", ids}, {"input1", mask}});
  std::vector<int32_t> both = SomeIds(spec);
  both.resize(2 * both.size(), 1);
  ASSERT_EQ(nrt_tensor_write(backing, both.data(), 0, 2 * bytes), nrt::NRT_SUCCESS);
  ASSERT_EQ(nrt_execute(toy.model, inputs, toy.slot.outputs), nrt::NRT_SUCCESS);
  ASSERT_EQ(toy.slot.Read(), nrt::NRT_SUCCESS);
  const std::vector<float> sliced = toy.slot.floats;
  EXPECT_EQ(sliced, toy.Run(SomeIds(spec), FullMask(spec)));
  nrt_destroy_tensor_set(&inputs);
  for (nrt::nrt_tensor_t** tensor : {&ids, &mask, &backing}) nrt_tensor_free(tensor);
}

TEST_F(ExecuteTest, SetsMustBeCompleteAndFit) {
  Start();
  const ToySpec spec;
  Loaded toy(spec);
  ASSERT_EQ(toy.slot.Write(SomeIds(spec), FullMask(spec)), nrt::NRT_SUCCESS);
  nrt::nrt_tensor_t* small = NewTensor(spec.input_bytes() - 4);
  nrt::nrt_tensor_t* far = NewTensor(spec.input_bytes(), 1);
  nrt::nrt_tensor_set_t* set = NewSet({{"input0", toy.slot.ids}});
  nrt::nrt_tensor_set_t* outputs = toy.slot.outputs;
  EXPECT_EQ(nrt_execute(toy.model, set, outputs), nrt::NRT_INVALID) << "input1 is missing";
  ASSERT_EQ(nrt_add_tensor_to_tensor_set(set, "input1", small), nrt::NRT_SUCCESS);
  EXPECT_EQ(nrt_execute(toy.model, set, outputs), nrt::NRT_INVALID) << "size";
  ASSERT_EQ(nrt_add_tensor_to_tensor_set(set, "input1", far), nrt::NRT_SUCCESS);
  EXPECT_EQ(nrt_execute(toy.model, set, outputs), nrt::NRT_INVALID) << "core";
  ASSERT_EQ(nrt_add_tensor_to_tensor_set(set, "input1", toy.slot.mask), nrt::NRT_SUCCESS);
  EXPECT_EQ(nrt_execute(toy.model, set, outputs), nrt::NRT_SUCCESS);
  EXPECT_EQ(nrt_execute(toy.model, set, set), nrt::NRT_INVALID) << "no output0";
  ASSERT_EQ(nrt_add_tensor_to_tensor_set(set, "other", far), nrt::NRT_SUCCESS);
  EXPECT_EQ(nrt_execute(toy.model, set, outputs), nrt::NRT_SUCCESS) << "more is no harm";
  ExpectMisuse(NRT_EMULATOR_MISUSE_TENSOR_SET, 3);
  ExpectMisuse(NRT_EMULATOR_MISUSE_CORE, 1);
  EXPECT_EQ(nrt_execute(toy.model, nullptr, outputs), nrt::NRT_INVALID);
  EXPECT_EQ(nrt_execute_repeat(toy.model, set, outputs, 1), nrt::NRT_SUCCESS);
  EXPECT_EQ(nrt_execute_repeat(toy.model, set, outputs, 2), nrt::NRT_INVALID);
  ExpectMisuse(NRT_EMULATOR_MISUSE_ARGUMENT, 2);
  nrt_destroy_tensor_set(&set);
  nrt_tensor_free(&small);
  nrt_tensor_free(&far);
}

TEST_F(ExecuteTest, OneTensorTwiceInAnExecutionIsRefused) {
  Start();
  const ToySpec spec;
  Loaded toy(spec);
  ASSERT_EQ(toy.slot.Write(FullMask(spec), FullMask(spec)), nrt::NRT_SUCCESS);
  nrt::nrt_tensor_set_t* set = NewSet({{"input0", toy.slot.ids}, {"input1", toy.slot.ids}});
  EXPECT_EQ(nrt_execute(toy.model, set, toy.slot.outputs), nrt::NRT_INVALID);
  ExpectMisuse(NRT_EMULATOR_MISUSE_CONCURRENT_USE, 1);
  nrt_destroy_tensor_set(&set);
}

TEST_F(ExecuteTest, FreedTensorInASetIsRecognised) {
  Start();
  Loaded toy({});
  ASSERT_EQ(toy.slot.Write(SomeIds(toy.spec), FullMask(toy.spec)), nrt::NRT_SUCCESS);
  ASSERT_EQ(toy.slot.Execute(), nrt::NRT_SUCCESS);
  nrt_tensor_free(&toy.slot.mask);
  ExpectMisuse(NRT_EMULATOR_MISUSE_FREE_IN_SET, 1);
  EXPECT_EQ(toy.slot.Execute(), nrt::NRT_INVALID_HANDLE);
  ExpectMisuse(NRT_EMULATOR_MISUSE_STALE_HANDLE, 1);
  nrt::nrt_tensor_set_t* gone = toy.slot.outputs;
  nrt_destroy_tensor_set(&toy.slot.outputs);
  EXPECT_EQ(nrt_execute(toy.model, toy.slot.inputs, gone), nrt::NRT_INVALID_HANDLE);
  ExpectMisuse(NRT_EMULATOR_MISUSE_STALE_HANDLE, 1);
}

TEST_F(ExecuteTest, ASetServesSeveralModels) {
  Start();
  ToySpec spec;
  Loaded first(spec);
  spec.hidden_size = 64;
  Loaded second(spec);
  ASSERT_EQ(first.slot.Write(SomeIds(spec), FullMask(spec)), nrt::NRT_SUCCESS);
  EXPECT_EQ(first.slot.Execute(), nrt::NRT_SUCCESS);
  EXPECT_EQ(nrt_execute(second.model, first.slot.inputs, second.slot.outputs), nrt::NRT_SUCCESS);
  EXPECT_EQ(nrt_execute(second.model, first.slot.inputs, first.slot.outputs), nrt::NRT_INVALID);
  ExpectMisuse(NRT_EMULATOR_MISUSE_TENSOR_SET, 1);
  EXPECT_EQ(first.slot.Execute(), nrt::NRT_SUCCESS);
}

TEST_F(ExecuteTest, CompletionsAreCounted) {
  Start();
  Loaded toy({});
  nrt::nrt_tensor_t* output = toy.slot.output;
  ASSERT_EQ(toy.slot.Write(SomeIds(toy.spec), FullMask(toy.spec)), nrt::NRT_SUCCESS);
  EXPECT_EQ(nrt_tensor_check_output_completion(output, 0, 1), nrt::NRT_TIMEOUT);
  ASSERT_EQ(toy.slot.Execute(), nrt::NRT_SUCCESS);
  ASSERT_EQ(toy.slot.Execute(), nrt::NRT_SUCCESS);
  EXPECT_EQ(nrt_tensor_check_output_completion(output, -1, 2), nrt::NRT_SUCCESS);
  EXPECT_EQ(nrt_tensor_check_output_completion(output, 50, 3), nrt::NRT_TIMEOUT);
  EXPECT_EQ(nrt_tensor_reset_output_completion(output), nrt::NRT_SUCCESS);
  EXPECT_EQ(nrt_tensor_check_output_completion(output, 0, 1), nrt::NRT_TIMEOUT);
  EXPECT_EQ(nrt_tensor_check_output_completion(nullptr, 0, 1), nrt::NRT_INVALID);
  ExpectMisuse(NRT_EMULATOR_MISUSE_ARGUMENT, 1);
}

TEST_F(ExecuteTest, WeightsThatAreNotInlinedMustBeGiven) {
  Start();
  nrt::nrt_model_t* model = LoadModel(EmulatedNeff(
      R"({"format": 1, "batch": 1, "sequenceLength": 2, "compute": "hash",
          "inputs": [{"name": "ids", "role": "input_ids", "dtype": "int32"},
                     {"name": "w", "role": "constant", "dtype": "float32", "shape": [2, 3]}],
          "outputs": [{"name": "out", "kind": "pooled", "dtype": "float32", "hiddenSize": 4}]})"));
  nrt::nrt_tensor_t* ids = NewTensor(8);
  nrt::nrt_tensor_t* weight = NewTensor(24);
  nrt::nrt_tensor_t* output = NewTensor(16);
  nrt::nrt_tensor_set_t* inputs = NewSet({{"ids", ids}});
  nrt::nrt_tensor_set_t* outputs = NewSet({{"out", output}});
  ASSERT_EQ(nrt_tensor_memset(ids, 0, 0, 8), nrt::NRT_SUCCESS);
  EXPECT_EQ(nrt_execute(model, inputs, outputs), nrt::NRT_INVALID);
  ExpectMisuse(NRT_EMULATOR_MISUSE_TENSOR_SET, 1);
  ASSERT_EQ(nrt_add_tensor_to_tensor_set(inputs, "w", weight), nrt::NRT_SUCCESS);
  EXPECT_EQ(nrt_execute(model, inputs, outputs), nrt::NRT_SUCCESS);
  nrt_destroy_tensor_set(&inputs);
  nrt_destroy_tensor_set(&outputs);
  for (nrt::nrt_tensor_t** tensor : {&ids, &weight, &output}) nrt_tensor_free(tensor);
  EXPECT_EQ(nrt_unload(model), nrt::NRT_SUCCESS);
}

}  // namespace
}  // namespace neuron_embed::emulator
