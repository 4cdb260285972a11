// Loading valid and invalid NEFFs, and the information about models.

#include <sys/mman.h>

#include <algorithm>
#include <cstring>

#include "emulator_test.h"

namespace neuron_embed::emulator {
namespace {

class ModelTest : public EmulatorTest {
 protected:
  static nrt::NRT_STATUS Load(const std::string& neff, int32_t core = 0, int32_t count = -1) {
    nrt::nrt_model_t* model = nullptr;
    const nrt::NRT_STATUS status = nrt_load(neff.data(), neff.size(), core, count, &model);
    if (status == nrt::NRT_SUCCESS) {
      EXPECT_EQ(nrt_unload(model), nrt::NRT_SUCCESS);
    }
    return status;
  }

  // The status of loading a NEFF whose payload has these members.
  static nrt::NRT_STATUS LoadMembers(const TarBuilder& tar) {
    return Load(NeffContainer(tar.Build()));
  }

  static nrt::NRT_STATUS LoadSpec(const std::string& spec) { return Load(EmulatedNeff(spec)); }

  // Each replacement of a text gives a spec that is refused.
  static void ExpectRefused(const std::string& good,
                            const std::vector<std::pair<const char*, const char*>>& changes) {
    for (const auto& [from, to] : changes) {
      std::string spec = good;
      const size_t at = spec.find(from);
      ASSERT_NE(at, std::string::npos) << from;
      spec.replace(at, std::strlen(from), to);
      EXPECT_EQ(LoadSpec(spec), nrt::NRT_INVALID) << to;
    }
  }
};

TEST_F(ModelTest, BothPayloadsLoad) {
  Start();
  const std::string spec = ToySpec().Json();
  EXPECT_EQ(Load(EmulatedNeff(spec, "", true)), nrt::NRT_SUCCESS);
  EXPECT_EQ(Load(EmulatedNeff(spec, "", false)), nrt::NRT_SUCCESS);
}

TEST_F(ModelTest, BytesMayBeUnmappedAfterLoad) {
  Start();
  const ToySpec spec;
  const std::string neff = ToyNeff(spec);
  void* mapped =
      mmap(nullptr, neff.size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(mapped, MAP_FAILED);
  std::memcpy(mapped, neff.data(), neff.size());
  nrt::nrt_model_t* model = nullptr;
  ASSERT_EQ(nrt_load(mapped, neff.size(), 0, -1, &model), nrt::NRT_SUCCESS);
  munmap(mapped, neff.size());
  {
    ToySlot slot(model, spec);
    ASSERT_EQ(slot.Write(SomeIds(spec), FullMask(spec)), nrt::NRT_SUCCESS);
    EXPECT_EQ(slot.Execute(), nrt::NRT_SUCCESS);
  }
  EXPECT_EQ(nrt_unload(model), nrt::NRT_SUCCESS);
}

TEST_F(ModelTest, GarbageIsInvalid) {
  Start();
  EXPECT_EQ(Load(""), nrt::NRT_INVALID);
  EXPECT_EQ(Load("no NEFF"), nrt::NRT_INVALID);
  EXPECT_EQ(Load(std::string(1024, '\0')), nrt::NRT_INVALID);
  EXPECT_EQ(Load(std::string(5000, 'x')), nrt::NRT_INVALID);
  EXPECT_EQ(Load(NeffContainer("")), nrt::NRT_INVALID);
  EXPECT_EQ(Load(NeffContainer("neither gzip nor tar")), nrt::NRT_INVALID);
  EXPECT_EQ(Load(NeffContainer("\x1f\x8b no deflate stream")), nrt::NRT_INVALID);
  EXPECT_EQ(Load(NeffContainer(std::string(1024, '\0'))), nrt::NRT_INVALID);
}

TEST_F(ModelTest, EveryTruncationIsInvalid) {
  Start();
  for (const bool gzip : {true, false}) {
    const std::string neff = EmulatedNeff(ToySpec().Json(), "", gzip);
    for (size_t size = 0; size < neff.size(); size += 61) {
      EXPECT_EQ(Load(neff.substr(0, size)), nrt::NRT_INVALID) << size;
    }
  }
}

TEST_F(ModelTest, TruncatedPayloadWithAFittingHeaderIsInvalid) {
  Start();
  for (const bool gzip : {true, false}) {
    const std::string payload = EmulatedNeff(ToySpec().Json(), "", gzip).substr(1024);
    for (size_t size = 0; size + 1100 < payload.size(); size += 97) {
      EXPECT_EQ(Load(NeffContainer(payload.substr(0, size))), nrt::NRT_INVALID) << size;
    }
  }
}

TEST_F(ModelTest, BytesBehindThePayloadAreIgnored) {
  Start();
  EXPECT_EQ(Load(ToyNeff() + std::string(777, '\0')), nrt::NRT_SUCCESS);
  const std::string payload = ToyNeff().substr(1024);
  EXPECT_EQ(Load(NeffContainer(payload + std::string(777, '\0'))), nrt::NRT_SUCCESS);
}

TEST_F(ModelTest, HeaderIsChecked) {
  Start();
  const std::string payload = ToyNeff().substr(1024);
  const auto status = [&](void (*change)(NeffHeader*)) {
    NeffHeader header;
    change(&header);
    return Load(NeffContainer(payload, header));
  };
  EXPECT_EQ(status([](NeffHeader*) {}), nrt::NRT_SUCCESS);
  EXPECT_EQ(status([](NeffHeader* h) { h->header_size = 1023; }), nrt::NRT_INVALID);
  EXPECT_EQ(status([](NeffHeader* h) { h->package_version = 0; }), nrt::NRT_INVALID);
  EXPECT_EQ(status([](NeffHeader* h) { h->package_version = 3; }), nrt::NRT_INVALID);
  EXPECT_EQ(status([](NeffHeader* h) { h->major = 1; }), nrt::NRT_SUCCESS);
  EXPECT_EQ(status([](NeffHeader* h) { h->minor = 9; }), nrt::NRT_SUCCESS);
  EXPECT_EQ(status([](NeffHeader* h) { h->major = 3; }), nrt::NRT_UNSUPPORTED_NEFF_VERSION);
  EXPECT_EQ(status([](NeffHeader* h) { h->feature_bits = 0x209c00; }), nrt::NRT_SUCCESS);
  EXPECT_EQ(status([](NeffHeader* h) { h->feature_bits = uint64_t{1} << 40; }),
            nrt::NRT_UNSUPPORTED_NEFF_VERSION);
  EXPECT_EQ(status([](NeffHeader* h) { h->lnc_size = 0; }), nrt::NRT_SUCCESS);
  EXPECT_EQ(status([](NeffHeader* h) { h->lnc_size = 2; }), nrt::NRT_INVALID);
}

TEST_F(ModelTest, MembersAreChecked) {
  Start();
  const std::string spec = ToySpec().Json();
  const auto base = [] { return TarBuilder().Add("neff.json", "{}"); };
  const std::string kelf = R"({"target": "sunda"})";
  EXPECT_EQ(LoadMembers(base().Add("kelf-0.json", kelf).Add("emulated/emulated.json", spec)),
            nrt::NRT_SUCCESS);
  EXPECT_EQ(LoadMembers(TarBuilder()
                            .AddEntry('5', "sg00/", "")
                            .AddEntry('x', "pax", "12 path=abc\n")
                            .Add("./emulated/emulated.json", spec)
                            .Add("./kelf-a.json", kelf)
                            .Add("sg00/def.json", std::string(100000, ' '))
                            .Add("./neff.json", "{}")),
            nrt::NRT_SUCCESS);
  EXPECT_EQ(LoadMembers(TarBuilder().Add("kelf-0.json", kelf).Add("emulated/emulated.json", spec)),
            nrt::NRT_INVALID);
  EXPECT_EQ(LoadMembers(base().Add("emulated/emulated.json", spec)), nrt::NRT_INVALID);
  EXPECT_EQ(LoadMembers(base().Add("kelf-0.json", "{}").Add("emulated/emulated.json", spec)),
            nrt::NRT_INVALID);
  EXPECT_EQ(LoadMembers(base().Add("kelf-0.json", kelf)), nrt::NRT_UNSUPPORTED_NEFF_VERSION)
      << "a NEFF with NeuronCore code";
  EXPECT_EQ(
      LoadMembers(
          base().Add("kelf-0.json", R"({"target": "cayman"})").Add("emulated/emulated.json", spec)),
      nrt::NRT_INVALID);
  EXPECT_EQ(LoadMembers(base()
                            .Add("kelf-0.json", kelf)
                            .Add("emulated/emulated.json", spec)
                            .Add("emulated/model.onnx", "x")),
            nrt::NRT_INVALID)
      << "a hashed model has no ONNX model";
  ToySpec onnx;
  onnx.compute = "onnx";
  EXPECT_EQ(LoadSpec(onnx.Json()), nrt::NRT_INVALID) << "the ONNX model is missing";
}

TEST_F(ModelTest, CorruptTarHeaderIsInvalid) {
  Start();
  std::string payload = EmulatedNeff(ToySpec().Json(), "", false).substr(1024);
  payload[1] ^= 1;  // changes a name, so the checksum is wrong
  EXPECT_EQ(Load(NeffContainer(payload)), nrt::NRT_INVALID);
}

TEST_F(ModelTest, TargetMismatchStatusFollowsTheGeneration) {
  Start(R"("runtime": {"targetMismatchStatus": 6})");
  NeffHeader header;
  header.lnc_size = 2;
  EXPECT_EQ(Load(NeffContainer(ToyNeff().substr(1024), header)), nrt::NRT_HW_ERROR);
}

TEST_F(ModelTest, SpecIsChecked) {
  Start();
  const std::string good =
      R"({"format": 1, "batch": 1, "sequenceLength": 4, "compute": "hash",
          "inputs": [{"name": "i", "role": "input_ids", "dtype": "int32"}],
          "outputs": [{"name": "o", "kind": "pooled", "dtype": "float32", "hiddenSize": 4}]})";
  EXPECT_EQ(LoadSpec(good), nrt::NRT_SUCCESS);
  const std::string packed =
      R"({"format": 1, "batch": 1, "sequenceLength": 4, "texts": 2, "compute": "hash",
          "inputs": [{"name": "i", "role": "input_ids", "dtype": "int32"},
                     {"name": "s", "role": "starts", "dtype": "int32"}],
          "outputs": [{"name": "o", "kind": "pooled", "dtype": "float32", "hiddenSize": 4}]})";
  EXPECT_EQ(LoadSpec(packed), nrt::NRT_SUCCESS);
  ExpectRefused(packed, {
                            {R"("texts": 2, )", ""},
                            {R"("texts": 2)", R"("texts": 0)"},
                            {R"("starts")", R"("attention_mask")"},
                            {R"("kind": "pooled")", R"("kind": "raw")"},
                            {R"("inputs": [)", R"("inputs": [{"name": "m", "role": "attention_mask",
                                               "dtype": "int32"}, )"},
                        });
  ExpectRefused(
      good, {
                {R"("format": 1)", R"("format": 2)"},
                {R"("batch": 1)", R"("batch": 0)"},
                {R"("batch": 1)", R"("batch": -1)"},
                {R"("batch": 1)", R"("batch": 1.5)"},
                {R"("batch": 1)", R"("batch": 1048577)"},
                {R"("sequenceLength": 4,)", ""},
                {R"("hash")", R"("cuda")"},
                {R"("compute")", R"("unknown": 1, "compute")"},
                {R"("role": "input_ids")", R"("role": "attention_mask")"},
                {R"("dtype": "int32")", R"("dtype": "float32")"},
                {R"("dtype": "int32")", R"("dtype": "int32", "shape": [1, 4])"},
                {R"("kind": "pooled")", R"("kind": "mean")"},
                {R"("dtype": "float32")", R"("dtype": "float16")"},
                {R"("hiddenSize": 4)", R"("hiddenSize": 0)"},
                {R"("name": "o")", R"("name": "i")"},
                {R"("name": "o")", R"("name": "")"},
                {R"([{"name": "o", "kind": "pooled", "dtype": "float32", "hiddenSize": 4}])", "[]"},
                {"}]}", "}]"},
            });
  EXPECT_EQ(LoadSpec("[]"), nrt::NRT_INVALID);
  EXPECT_EQ(LoadSpec(std::string(100000, '[')), nrt::NRT_INVALID);
}

TEST_F(ModelTest, ArgumentsOfLoadAreChecked) {
  Start();
  EXPECT_EQ(Load(ToyNeff(), 2), nrt::NRT_LOAD_NOT_ENOUGH_NC);
  EXPECT_EQ(Load(ToyNeff(), -2), nrt::NRT_LOAD_NOT_ENOUGH_NC);
  EXPECT_EQ(Load(ToyNeff(), 0, 1), nrt::NRT_INVALID);
  EXPECT_EQ(nrt_load(nullptr, 0, 0, -1, nullptr), nrt::NRT_INVALID);
  ExpectMisuse(NRT_EMULATOR_MISUSE_ARGUMENT, 2);
  nrt::nrt_model_t* model = nullptr;
  const std::string neff = ToyNeff();
  EXPECT_EQ(nrt_load_collectives(neff.data(), neff.size(), 0, -1, 0, 2, &model), nrt::NRT_INVALID);
  ASSERT_EQ(nrt_load_collectives(neff.data(), neff.size(), 0, -1, 0, 1, &model), nrt::NRT_SUCCESS);
  EXPECT_EQ(nrt_unload(model), nrt::NRT_SUCCESS);
  const ScopedVariable timeout("NEURON_RT_EXEC_TIMEOUT", "soon");
  EXPECT_EQ(Load(neff), nrt::NRT_INVALID);
}

TEST_F(ModelTest, MinusOneTakesTheEmptiestCore) {
  Start();
  const std::string neff = ToyNeff();
  nrt::nrt_model_t* models[3] = {};
  uint32_t cores[3] = {};
  for (int i = 0; i < 3; ++i) {
    models[i] = LoadModel(neff, -1);
    nrt::nrt_model_info_t info;
    size_t filled = 0;
    ASSERT_EQ(nrt_get_model_info(models[i], &info, sizeof(info), &filled), nrt::NRT_SUCCESS);
    EXPECT_EQ(filled, sizeof(info));
    cores[i] = info.vnc;
  }
  EXPECT_EQ(cores[0], 0u);
  EXPECT_EQ(cores[1], 1u);
  EXPECT_EQ(cores[2], 0u);
  for (nrt::nrt_model_t* model : models) EXPECT_EQ(nrt_unload(model), nrt::NRT_SUCCESS);
}

TEST_F(ModelTest, CountsAreOne) {
  Start();
  nrt::nrt_model_t* model = LoadModel(ToyNeff());
  uint32_t count = 0;
  EXPECT_EQ(nrt_get_model_nc_count(model, &count), nrt::NRT_SUCCESS);
  EXPECT_EQ(count, 1u);
  EXPECT_EQ(nrt_get_model_vnc_count(model, &count), nrt::NRT_SUCCESS);
  EXPECT_EQ(count, 1u);
  EXPECT_EQ(nrt_get_model_instance_count(model, &count), nrt::NRT_SUCCESS);
  EXPECT_EQ(count, 1u);
  EXPECT_EQ(nrt_unload(model), nrt::NRT_SUCCESS);
  EXPECT_EQ(nrt_get_model_nc_count(model, &count), nrt::NRT_INVALID_HANDLE);
  ExpectMisuse(NRT_EMULATOR_MISUSE_STALE_HANDLE, 1);
  EXPECT_EQ(nrt_unload(model), nrt::NRT_INVALID_HANDLE);
  ExpectMisuse(NRT_EMULATOR_MISUSE_DOUBLE_FREE, 1);
}

TEST_F(ModelTest, TensorInfoDescribesTheModel) {
  Start();
  nrt::nrt_model_t* model = LoadModel(EmulatedNeff(
      R"({"format": 1, "batch": 4, "sequenceLength": 16, "compute": "hash",
          "inputs": [{"name": "ids", "role": "input_ids", "dtype": "int64"},
                     {"name": "mask", "role": "attention_mask", "dtype": "int32"},
                     {"name": "weight", "role": "constant", "dtype": "bfloat16", "shape": [3, 5]}],
          "outputs": [{"name": "pooled", "kind": "pooled", "dtype": "float32", "hiddenSize": 6},
                      {"name": "raw", "kind": "raw", "dtype": "bfloat16", "hiddenSize": 6}]})"));
  nrt::nrt_tensor_info_array_t* infos = nullptr;
  ASSERT_EQ(nrt_get_model_tensor_info(model, &infos), nrt::NRT_SUCCESS);
  EXPECT_EQ(nrt_unload(model), nrt::NRT_SUCCESS) << "the array is independent of the model";
  ASSERT_EQ(infos->tensor_count, 5u);
  struct Expected {
    const char* name;
    nrt::nrt_tensor_usage_t usage;
    size_t size;
    nrt::nrt_dtype_t dtype;
    std::vector<uint32_t> shape;
  };
  const Expected expected[] = {
      {"ids", nrt::NRT_TENSOR_USAGE_INPUT, 512, nrt::NRT_DTYPE_INT32, {4, 32}},
      {"mask", nrt::NRT_TENSOR_USAGE_INPUT, 256, nrt::NRT_DTYPE_INT32, {4, 16}},
      {"weight", nrt::NRT_TENSOR_USAGE_INPUT, 30, nrt::NRT_DTYPE_BFLOAT16, {3, 5}},
      {"pooled", nrt::NRT_TENSOR_USAGE_OUTPUT, 96, nrt::NRT_DTYPE_FLOAT32, {4, 6}},
      {"raw", nrt::NRT_TENSOR_USAGE_OUTPUT, 768, nrt::NRT_DTYPE_BFLOAT16, {4, 16, 6}},
  };
  for (uint64_t i = 0; i < 5; ++i) {
    const nrt::nrt_tensor_info_t& info = *nrt::TensorInfoAt(infos, i);
    EXPECT_STREQ(info.name, expected[i].name);
    EXPECT_EQ(info.usage, expected[i].usage);
    EXPECT_EQ(info.size, expected[i].size);
    EXPECT_EQ(info.dtype, expected[i].dtype);
    EXPECT_EQ(std::vector<uint32_t>(info.shape, info.shape + info.ndim), expected[i].shape);
  }
  EXPECT_EQ(nrt_free_model_tensor_info(infos), nrt::NRT_SUCCESS);
  EXPECT_EQ(nrt_free_model_tensor_info(infos), nrt::NRT_INVALID_HANDLE);
  ExpectMisuse(NRT_EMULATOR_MISUSE_DOUBLE_FREE, 1);
}

TEST_F(ModelTest, ProfilesAndTracesAreWritten) {
  const TemporaryFolder folder;
  const std::string profile = folder.path() + "/profile";
  const std::string trace = folder.path() + "/trace";
  Start();
  const ToySpec spec;
  nrt::nrt_model_t* model = LoadModel(ToyNeff(spec));
  EXPECT_EQ(nrt_profile_stop(profile.c_str()), nrt::NRT_INVALID);
  EXPECT_EQ(nrt_trace_stop(trace.c_str()), nrt::NRT_INVALID);
  ExpectMisuse(NRT_EMULATOR_MISUSE_ARGUMENT, 2);
  ASSERT_EQ(nrt_profile_start(model, profile.c_str()), nrt::NRT_SUCCESS);
  ASSERT_EQ(nrt_trace_start(false), nrt::NRT_SUCCESS);
  {
    ToySlot slot(model, spec);
    ASSERT_EQ(slot.Write(SomeIds(spec), FullMask(spec)), nrt::NRT_SUCCESS);
    ASSERT_EQ(slot.Execute(), nrt::NRT_SUCCESS);
    ASSERT_EQ(slot.Execute(), nrt::NRT_SUCCESS);
  }
  ASSERT_EQ(nrt_profile_stop(profile.c_str()), nrt::NRT_SUCCESS);
  ASSERT_EQ(nrt_trace_stop(trace.c_str()), nrt::NRT_SUCCESS);
  EXPECT_NE(ReadFile(profile).find(R"("executions": 2)"), std::string::npos);
  const std::string traced = ReadFile(trace);
  EXPECT_NE(traced.find("startNanos"), std::string::npos);
  ASSERT_EQ(nrt_trace_start(false), nrt::NRT_SUCCESS);
  EXPECT_EQ(nrt_trace_stop((folder.path() + "/no/such/folder").c_str()), nrt::NRT_FAILURE);
  EXPECT_EQ(nrt_unload(model), nrt::NRT_SUCCESS);
}

}  // namespace
}  // namespace neuron_embed::emulator
