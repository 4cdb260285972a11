// The built libraries: their names, symbol versions and exports, found with dlopen.

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "neff_builder.h"
#include "nrt/nrt_abi.h"
#include "nrt_emulator.h"

namespace neuron_embed::emulator {
namespace {

// One of the libraries. Their paths differ, so both can be in one process. Each keeps its state
// until the process ends.
class Library {
 public:
  explicit Library(const char* path) : handle_(dlopen(path, RTLD_NOW | RTLD_LOCAL)) {
    EXPECT_NE(handle_, nullptr) << dlerror();
  }
  ~Library() {
    if (handle_ != nullptr) dlclose(handle_);
  }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  bool Has(const char* name) const { return dlsym(handle_, name) != nullptr; }
  bool Has(const char* name, const char* version) const {
    return dlvsym(handle_, name, version) != nullptr;
  }
  template <typename Function>
  Function* Get(const char* name) const {
    return reinterpret_cast<Function*>(dlsym(handle_, name));
  }

 private:
  void* handle_;
};

constexpr char kCurrent[] = NEURON_EMBED_TEST_EMULATOR;
constexpr char kBaseline[] = NEURON_EMBED_TEST_EMULATOR_BASELINE;

const char* const kNewerThanBaseline[] = {
    "nrt_get_total_vnc_count",
    "nrt_get_visible_vnc_count",
    "nrt_get_instance_info",
    "nrt_get_model_vnc_count",
    "nrt_get_model_info",
    "nrt_tensor_read_batch",
    "nrt_tensor_write_batch",
    "nrt_tensor_get_device_allocation_info",
    "nrt_tensor_check_output_completion",
    "nrt_tensor_reset_output_completion",
    "nrt_get_vnc_memory_stats",
    "nrt_barrier",
};

TEST(LibraryTest, CurrentOffersTheWholeAbi) {
  const Library library(kCurrent);
#define EXPECT_HAS(name) EXPECT_TRUE(library.Has(#name, "NRT_2.0.0")) << #name;
  NEURON_EMBED_NRT_FUNCTIONS(EXPECT_HAS)
#undef EXPECT_HAS
  for (const char* name :
       {"nrt_get_dmabuf_fd", "nrt_get_hbm_mmap_va", "nrt_host_device_id_get",
        "nrt_host_device_id_rid_map_get", "nrt_get_attached_efa_bdf", "nrt_memcpy_to_device",
        "nrt_register_async_exec_callback", "nrt_async_drain_queued_execs", "nrt_barrier"}) {
    EXPECT_TRUE(library.Has(name, "NRT_2.0.0")) << name;
  }
  EXPECT_TRUE(library.Has("nrt_emulator_configure", "NRT_EMULATOR_1.0"));
}

TEST(LibraryTest, BaselineLacksWhatCameLater) {
  const Library current(kCurrent);
  const Library baseline(kBaseline);
  for (const char* name : kNewerThanBaseline) {
    EXPECT_TRUE(current.Has(name)) << name;
    EXPECT_FALSE(baseline.Has(name)) << name;
  }
  for (const char* name : {"nrt_init", "nrt_load", "nrt_execute", "nrt_tensor_write",
                           "nrt_get_model_tensor_info", "nrt_get_version"}) {
    EXPECT_TRUE(baseline.Has(name, "NRT_2.0.0")) << name;
  }
}

TEST(LibraryTest, NothingElseIsExported) {
  for (const char* path : {kCurrent, kBaseline}) {
    const Library library(path);
    for (const char* name :
         {"nrt_get_status_as_str", "nrta_execute_schedule", "inflate", "crc32"}) {
      // The symbol may belong to the process instead (zlib may be linked elsewhere).
      Dl_info info = {};
      void* symbol = library.Get<void>(name) == nullptr
                         ? nullptr
                         : reinterpret_cast<void*>(library.Get<void>(name));
      const bool own =
          symbol != nullptr && dladdr(symbol, &info) != 0 && std::string(info.dli_fname) == path;
      EXPECT_FALSE(own) << name << " in " << path;
    }
    EXPECT_FALSE(library.Has("nrt_init", "NRT_3.0.0"));
  }
}

TEST(LibraryTest, BaselineIsAnOldRuntime) {
  const Library library(kBaseline);
  const auto get_version = library.Get<nrt::nrt_get_version_fn>("nrt_get_version");
  ASSERT_NE(get_version, nullptr);
  nrt::nrt_version_t version;
  ASSERT_EQ(get_version(&version, sizeof(version)), nrt::NRT_SUCCESS);
  EXPECT_EQ(version.rt_minor, 10u);

  const auto configure = library.Get<uint32_t(const char*)>("nrt_emulator_configure");
  ASSERT_EQ(configure(R"({"lockDirectory": ""})"), 0u);
  const auto init = library.Get<nrt::nrt_init_fn>("nrt_init");
  ASSERT_EQ(init(nrt::NRT_FRAMEWORK_TYPE_NO_FW, "", ""), nrt::NRT_SUCCESS);
  const std::string neff = ToyNeff();
  nrt::nrt_model_t* model = nullptr;
  ASSERT_EQ(library.Get<nrt::nrt_load_fn>("nrt_load")(neff.data(), neff.size(), 0, -1, &model),
            nrt::NRT_SUCCESS);
  nrt::nrt_tensor_info_array_t* infos = nullptr;
  ASSERT_EQ(
      library.Get<nrt::nrt_get_model_tensor_info_fn>("nrt_get_model_tensor_info")(model, &infos),
      nrt::NRT_SUCCESS);
  EXPECT_EQ(uint32_t{nrt::TensorInfoAt(infos, 2)->dtype}, uint32_t{nrt::LEGACY_DTYPE_FLOAT32});
  library.Get<nrt::nrt_free_model_tensor_info_fn>("nrt_free_model_tensor_info")(infos);
  library.Get<nrt::nrt_unload_fn>("nrt_unload")(model);
  library.Get<nrt::nrt_close_fn>("nrt_close")();
}

// Two copies in one process are two runtimes, which cannot use the same core.
TEST(LibraryTest, TwoCopiesShareTheMachine) {
  const Library first(kCurrent);
  const Library second(kBaseline);
  const std::string folder = ::testing::TempDir() + "/emulator-two-copies";
  const std::string config = R"({"lockDirectory": ")" + folder + "\"}";
  for (const Library* library : {&first, &second}) {
    ASSERT_EQ(library->Get<uint32_t(const char*)>("nrt_emulator_configure")(config.c_str()), 0u);
  }
  const auto init = [](const Library& library) {
    return library.Get<nrt::nrt_init_fn>("nrt_init")(nrt::NRT_FRAMEWORK_TYPE_NO_FW, "", "");
  };
  EXPECT_EQ(init(first), nrt::NRT_SUCCESS);
  EXPECT_EQ(init(second), nrt::NRT_FAILURE);
  first.Get<nrt::nrt_close_fn>("nrt_close")();
  EXPECT_EQ(init(second), nrt::NRT_SUCCESS);
  second.Get<nrt::nrt_close_fn>("nrt_close")();
}

}  // namespace
}  // namespace neuron_embed::emulator
