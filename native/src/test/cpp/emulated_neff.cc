#include "emulated_neff.h"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "core/neff_header.h"

namespace neuron_embed::testing {
namespace {

constexpr size_t kTarBlock = 512;

void AppendTarMember(const std::string& name, const std::string& content,
                     std::vector<unsigned char>* tar) {
  std::array<char, kTarBlock> header{};
  std::memcpy(header.data(), name.data(), name.size());
  std::memcpy(header.data() + 100, "0000644", 7);
  std::memcpy(header.data() + 108, "0000000", 7);
  std::memcpy(header.data() + 116, "0000000", 7);
  std::snprintf(header.data() + 124, 12, "%011o", static_cast<unsigned>(content.size()));
  std::memcpy(header.data() + 136, "00000000000", 11);
  std::memset(header.data() + 148, ' ', 8);
  header[156] = '0';
  std::memcpy(header.data() + 257, "ustar\00000", 8);
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  std::snprintf(header.data() + 148, 8, "%06o", sum);
  header[155] = ' ';
  tar->insert(tar->end(), header.begin(), header.end());
  tar->insert(tar->end(), content.begin(), content.end());
  tar->resize((tar->size() + kTarBlock - 1) / kTarBlock * kTarBlock);
}

std::string EmulatedJson(const NeffOptions& options) {
  const std::string dtype = options.int64_ids ? "int64" : "int32";
  const auto input = [&dtype](const char* name, const char* role) {
    return std::string(R"({"name":")") + name + R"(","role":")" + role + R"(","dtype":")" + dtype +
           R"("})";
  };
  std::string inputs = input("input0", "input_ids");
  if (options.attention_mask) inputs += "," + input("input1", "attention_mask");
  if (options.token_type_ids) inputs += "," + input("input2", "token_type_ids");
  return R"({"format":1,"batch":)" + std::to_string(options.batch) + R"(,"sequenceLength":)" +
         std::to_string(options.sequence_length) + R"(,"inputs":[)" + inputs +
         R"(],"outputs":[{"name":"output0","kind":"pooled","dtype":"float32","hiddenSize":)" +
         std::to_string(options.hidden_size) +
         R"(}],"compute":"hash","vocabularySize":30522,"padTokenId":0})";
}

}  // namespace

std::vector<unsigned char> NeffBytes(const NeffOptions& options) {
  std::vector<unsigned char> payload;
  AppendTarMember("neff.json", "{}", &payload);
  AppendTarMember("kelf-0.json", R"({"target":"sunda"})", &payload);
  AppendTarMember("emulated/emulated.json", EmulatedJson(options), &payload);
  payload.resize(payload.size() + 2 * kTarBlock);

  NeffHeader header{};
  header.pkg_version = 2;
  header.header_size = sizeof(NeffHeader);
  header.data_size = payload.size();
  header.neff_version_major = 2;
  header.num_tpb = 1;
  header.lnc_size = options.lnc_size;
  std::vector<unsigned char> bytes(sizeof(header) + payload.size());
  std::memcpy(bytes.data(), &header, sizeof(header));
  std::memcpy(bytes.data() + sizeof(header), payload.data(), payload.size());
  return bytes;
}

NeffFile::NeffFile(const NeffOptions& options) {
  const char* folder = std::getenv("TMPDIR");
  std::string pattern = std::string(folder == nullptr ? "/tmp" : folder) + "/neuron-embed-XXXXXX";
  const int fd = mkstemp(pattern.data());
  if (fd < 0) {
    std::perror("mkstemp");
    std::abort();
  }
  close(fd);
  path_ = pattern;
  const std::vector<unsigned char> bytes = NeffBytes(options);
  std::ofstream(path_, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

NeffFile::~NeffFile() { std::remove(path_.c_str()); }

}  // namespace neuron_embed::testing
