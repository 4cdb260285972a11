// Models that ONNX Runtime computes. Skipped if CMake did not get NEURON_EMBED_ONNXRUNTIME.

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include "bfloat16.h"
#include "emulator_test.h"

namespace neuron_embed::emulator {
namespace {

constexpr char kLibrary[] = NEURON_EMBED_TEST_ONNXRUNTIME;
constexpr char kTestdata[] = NEURON_EMBED_TEST_TESTDATA;
constexpr size_t kHidden = 16;  // of the toy model

struct Text {
  std::vector<int32_t> ids;
  std::vector<float> vector;
};

// The texts and vectors of toy_bert.txt, computed without ONNX Runtime.
std::vector<Text> GoldenTexts() {
  std::istringstream file(ReadFile(std::string(kTestdata) + "/toy_bert.txt"));
  std::vector<Text> texts;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    const size_t split = line.find(';');
    std::istringstream ids(line.substr(0, split));
    std::istringstream vector(line.substr(split + 1));
    Text text;
    for (int32_t id; ids >> id;) text.ids.push_back(id);
    for (float value; vector >> value;) text.vector.push_back(value);
    texts.push_back(text);
  }
  return texts;
}

double Cosine(const float* a, const float* b) {
  double dot = 0;
  double aa = 0;
  double bb = 0;
  for (size_t i = 0; i < kHidden; ++i) {
    dot += double{a[i]} * b[i];
    aa += double{a[i]} * a[i];
    bb += double{b[i]} * b[i];
  }
  return dot / std::sqrt(aa * bb);
}

class OnnxTest : public EmulatorTest {
 protected:
  void SetUp() override {
    EmulatorTest::SetUp();
    if (kLibrary[0] == '\0') {
      GTEST_SKIP() << "no ONNX Runtime: give CMake -DNEURON_EMBED_ONNXRUNTIME=libonnxruntime.so";
    }
  }

  void StartOnnx(const std::string& members = "") {
    Start(std::string(R"("compute": {"onnxRuntime": ")") + kLibrary + R"("})" +
          (members.empty() ? "" : ", ") + members);
  }

  static ToySpec Spec(uint32_t batch, uint32_t length) {
    ToySpec spec;
    spec.batch = batch;
    spec.sequence_length = length;
    spec.hidden_size = kHidden;
    spec.vocabulary_size = 100;
    spec.compute = "onnx";
    return spec;
  }

  static std::string ToyModel() { return ReadFile(std::string(kTestdata) + "/toy_bert.onnx"); }

  static std::string Neff(const ToySpec& spec) { return EmulatedNeff(spec.Json(), ToyModel()); }

  // One text per row, padded. Unused rows are filled with id 1.
  static void Fill(const ToySpec& spec, const std::vector<Text>& texts, size_t first,
                   std::vector<int32_t>* ids, std::vector<int32_t>* mask) {
    ids->assign(size_t{spec.batch} * spec.sequence_length, 0);
    mask->assign(ids->size(), 0);
    for (size_t row = 0; row < spec.batch; ++row) {
      const size_t begin = row * spec.sequence_length;
      (*ids)[begin] = (*mask)[begin] = 1;
      if (first + row >= texts.size()) continue;
      const std::vector<int32_t>& text = texts[first + row].ids;
      std::copy(text.begin(), text.end(), ids->begin() + static_cast<ptrdiff_t>(begin));
      std::fill_n(mask->begin() + static_cast<ptrdiff_t>(begin), text.size(), 1);
    }
  }

  static nrt::NRT_STATUS LoadStatus(const std::string& neff) {
    nrt::nrt_model_t* model = nullptr;
    return nrt_load(neff.data(), neff.size(), 0, -1, &model);
  }
};

TEST_F(OnnxTest, VectorsAreTheModelsInEveryShape) {
  StartOnnx();
  const std::vector<Text> texts = GoldenTexts();
  ASSERT_EQ(texts.size(), 4u);
  for (const auto& [batch, length] :
       {std::pair<uint32_t, uint32_t>{1, 8}, {1, 32}, {3, 16}, {4, 64}}) {
    for (const char* kind : {"pooled", "raw"}) {
      ToySpec spec = Spec(batch, length);
      spec.kind = kind;
      nrt::nrt_model_t* model = LoadModel(Neff(spec), 1);
      {
        ToySlot slot(model, spec, 1);
        std::vector<int32_t> ids;
        std::vector<int32_t> mask;
        for (size_t first = 0; first < texts.size(); first += batch) {
          Fill(spec, texts, first, &ids, &mask);
          ASSERT_EQ(slot.Write(ids, mask), nrt::NRT_SUCCESS);
          ASSERT_EQ(slot.Execute(), nrt::NRT_SUCCESS);
          ASSERT_EQ(slot.Read(), nrt::NRT_SUCCESS);
          for (size_t row = 0; row < batch && first + row < texts.size(); ++row) {
            const size_t stride = spec.kind == "raw" ? length * kHidden : kHidden;
            const float* vector = slot.floats.data() + row * stride;
            EXPECT_GE(Cosine(vector, texts[first + row].vector.data()), 0.999999)
                << batch << "x" << length << " " << kind << ", text " << first + row;
            if (spec.kind == "pooled") {
              EXPECT_NEAR(Cosine(vector, vector) * vector[0], texts[first + row].vector[0], 1e-5);
            }
          }
        }
      }
      EXPECT_EQ(nrt_unload(model), nrt::NRT_SUCCESS);
    }
  }
}

TEST_F(OnnxTest, PooledOutputOfTheModelPassesThrough) {
  StartOnnx();
  const std::vector<Text> texts = GoldenTexts();
  const std::string spec_json =
      R"({"format": 1, "batch": 2, "sequenceLength": 8, "compute": "onnx", "padTokenId": 0,
          "inputs": [{"name": "input0", "role": "input_ids", "dtype": "int64"}],
          "outputs": [
            {"name": "a", "kind": "pooled", "dtype": "float32", "hiddenSize": 16,
             "source": "sentence_embedding"},
            {"name": "b", "kind": "pooled", "dtype": "bfloat16", "hiddenSize": 16},
            {"name": "c", "kind": "raw", "dtype": "float32", "hiddenSize": 16,
             "source": "last_hidden_state"}]})";
  nrt::nrt_model_t* model = LoadModel(EmulatedNeff(spec_json, ToyModel(), false));
  nrt::nrt_tensor_t* input = NewTensor(2 * 8 * 8);
  nrt::nrt_tensor_t* outputs[3] = {NewTensor(128), NewTensor(64), NewTensor(1024)};
  nrt::nrt_tensor_set_t* input_set = NewSet({{"input0", input}});
  nrt::nrt_tensor_set_t* output_set =
      NewSet({{"a", outputs[0]}, {"b", outputs[1]}, {"c", outputs[2]}});
  std::vector<int64_t> ids(16, 0);  // padded with padTokenId, from which the mask follows
  std::copy(texts[0].ids.begin(), texts[0].ids.end(), ids.begin());
  std::copy(texts[1].ids.begin(), texts[1].ids.end(), ids.begin() + 8);
  ASSERT_EQ(nrt_tensor_write(input, ids.data(), 0, 128), nrt::NRT_SUCCESS);
  ASSERT_EQ(nrt_execute(model, input_set, output_set), nrt::NRT_SUCCESS);
  std::vector<float> passed(32);
  std::vector<uint16_t> narrow(32);
  std::vector<float> raw(256);
  ASSERT_EQ(nrt_tensor_read(outputs[0], passed.data(), 0, 128), nrt::NRT_SUCCESS);
  ASSERT_EQ(nrt_tensor_read(outputs[1], narrow.data(), 0, 64), nrt::NRT_SUCCESS);
  ASSERT_EQ(nrt_tensor_read(outputs[2], raw.data(), 0, 1024), nrt::NRT_SUCCESS);
  for (size_t row = 0; row < 2; ++row) {
    const float* golden = texts[row].vector.data();
    EXPECT_GE(Cosine(passed.data() + row * kHidden, golden), 0.999999);
    EXPECT_GE(Cosine(raw.data() + row * 8 * kHidden, golden), 0.999999);
    for (size_t j = 0; j < kHidden; ++j) {
      EXPECT_NEAR(passed[row * kHidden + j], golden[j], 1e-5);
      EXPECT_NEAR(FromBfloat16(narrow[row * kHidden + j]), golden[j],
                  std::fabs(golden[j]) / 256 + 1e-5);
    }
  }
  nrt_destroy_tensor_set(&input_set);
  nrt_destroy_tensor_set(&output_set);
  nrt_tensor_free(&input);
  for (nrt::nrt_tensor_t*& output : outputs) nrt_tensor_free(&output);
  EXPECT_EQ(nrt_unload(model), nrt::NRT_SUCCESS);
}

TEST_F(OnnxTest, OneSessionServesAllCoresAndShapes) {
  StartOnnx(R"("cores": 24)");
  const std::string small = Neff(Spec(1, 8));
  const std::string large = Neff(Spec(2, 16));
  std::vector<nrt::nrt_model_t*> models;
  for (int core = 0; core < 24; ++core)
    models.push_back(LoadModel(core % 2 == 0 ? small : large, core));
  EXPECT_EQ(Counters().onnx_sessions, 1u);
  for (nrt::nrt_model_t* model : models) EXPECT_EQ(nrt_unload(model), nrt::NRT_SUCCESS);
  EXPECT_EQ(Counters().onnx_sessions, 0u);
}

TEST_F(OnnxTest, SlotsOfSeveralCoresComputeAtOnce) {
  StartOnnx();
  const std::vector<Text> texts = GoldenTexts();
  const ToySpec spec = Spec(1, 16);
  const std::string neff = Neff(spec);
  nrt::nrt_model_t* models[2] = {LoadModel(neff, 0), LoadModel(neff, 1)};
  std::vector<std::thread> threads;
  for (size_t i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      ToySlot slot(models[i % 2], spec, static_cast<int>(i % 2));
      std::vector<int32_t> ids;
      std::vector<int32_t> mask;
      for (size_t j = 0; j < 20; ++j) {
        const size_t text = (i + j) % texts.size();
        Fill(spec, texts, text, &ids, &mask);
        EXPECT_EQ(slot.Write(ids, mask), nrt::NRT_SUCCESS);
        EXPECT_EQ(slot.Execute(), nrt::NRT_SUCCESS);
        EXPECT_EQ(slot.Read(), nrt::NRT_SUCCESS);
        EXPECT_GE(Cosine(slot.floats.data(), texts[text].vector.data()), 0.999999);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (nrt::nrt_model_t* model : models) EXPECT_EQ(nrt_unload(model), nrt::NRT_SUCCESS);
}

TEST_F(OnnxTest, ComputingCountsInsideTheServiceTime) {
  StartOnnx(R"("timing": {"fallback": {"baseMicros": 50000}})");
  const ToySpec spec = Spec(1, 8);
  nrt::nrt_model_t* model = LoadModel(Neff(spec));
  {
    ToySlot slot(model, spec);
    std::vector<int32_t> ids;
    std::vector<int32_t> mask;
    Fill(spec, GoldenTexts(), 0, &ids, &mask);
    ASSERT_EQ(slot.Write(ids, mask), nrt::NRT_SUCCESS);
    ASSERT_EQ(slot.Execute(), nrt::NRT_SUCCESS);
    nrt_emulator_execution_t record;
    size_t count = 0;
    ASSERT_EQ(nrt_emulator_get_executions(0, &record, 1, &count), 0u);
    ASSERT_EQ(count, 1u);
    EXPECT_EQ(record.service_ns, 50000000);
    EXPECT_GE(record.end_ns, record.start_ns + record.service_ns);
  }
  EXPECT_EQ(nrt_unload(model), nrt::NRT_SUCCESS);
}

TEST_F(OnnxTest, IdsAreChecked) {
  StartOnnx();
  const ToySpec spec = Spec(1, 8);
  nrt::nrt_model_t* model = LoadModel(Neff(spec));
  {
    ToySlot slot(model, spec);
    ASSERT_EQ(slot.Write(std::vector<int32_t>(8, 100), std::vector<int32_t>(8, 1)),
              nrt::NRT_SUCCESS);
    EXPECT_EQ(slot.Execute(), nrt::NRT_EXEC_OOB);
  }
  EXPECT_EQ(nrt_unload(model), nrt::NRT_SUCCESS);
}

TEST_F(OnnxTest, WhatDoesNotFitIsRefused) {
  StartOnnx();
  ToySpec spec = Spec(1, 8);
  EXPECT_EQ(LoadStatus(EmulatedNeff(spec.Json(), "no ONNX model")), nrt::NRT_FAILURE);
  std::string json = spec.Json();
  const std::string hidden = R"("hiddenSize": 16)";
  json.replace(json.find(hidden), hidden.size(), hidden + R"(, "source": "logits")");
  EXPECT_EQ(LoadStatus(EmulatedNeff(json, ToyModel())), nrt::NRT_INVALID);
  spec.kind = "raw";
  json = spec.Json();
  json.replace(json.find(hidden), hidden.size(), hidden + R"(, "source": "sentence_embedding")");
  EXPECT_EQ(LoadStatus(EmulatedNeff(json, ToyModel())), nrt::NRT_INVALID);

  spec = Spec(1, 8);
  spec.hidden_size = 20;
  nrt::nrt_model_t* model = LoadModel(Neff(spec));
  {
    ToySlot slot(model, spec);
    ASSERT_EQ(slot.Write(FullMask(spec), FullMask(spec)), nrt::NRT_SUCCESS);
    EXPECT_EQ(slot.Execute(), nrt::NRT_EXEC_COMPLETED_WITH_ERR) << "the hidden size is a lie";
  }
  EXPECT_EQ(nrt_unload(model), nrt::NRT_SUCCESS);
}

TEST_F(OnnxTest, MissingLibraryFailsTheLoad) {
  const ScopedVariable variable("NRT_EMULATOR_ONNXRUNTIME", nullptr);
  const std::string neff = Neff(Spec(1, 8));
  for (const char* compute : {R"("cores": 1)", R"("compute": {"onnxRuntime": "/no/such.so"})",
                              R"("compute": {"onnxRuntime": "libc.so.6"})"}) {
    Start(compute);
    EXPECT_EQ(LoadStatus(neff), nrt::NRT_FAILURE) << compute;
    Close();
  }
}

TEST_F(OnnxTest, LibraryMayComeFromTheEnvironment) {
  const ScopedVariable variable("NRT_EMULATOR_ONNXRUNTIME", kLibrary);
  Start();
  nrt::nrt_model_t* model = LoadModel(Neff(Spec(1, 8)));
  EXPECT_EQ(nrt_unload(model), nrt::NRT_SUCCESS);
}

// The process ends while a thread computes. ONNX Runtime's exit handlers must wait for the thread.
TEST_F(OnnxTest, ProcessMayExitDuringARun) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        StartOnnx();
        const ToySpec spec = Spec(16, 64);
        nrt::nrt_model_t* model = LoadModel(Neff(spec));
        static std::atomic<int> done{0};
        std::thread([model, spec] {
          ToySlot slot(model, spec);
          slot.Write(FullMask(spec), FullMask(spec));
          for (;;) {
            slot.Execute();
            done.fetch_add(1);
          }
        }).detach();
        while (done.load() < 3) std::this_thread::yield();
        std::exit(7);
      },
      ::testing::ExitedWithCode(7), "");
}

}  // namespace
}  // namespace neuron_embed::emulator
