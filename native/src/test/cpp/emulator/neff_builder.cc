#include "neff_builder.h"

#include <zlib.h>

#include <cstdio>
#include <cstring>
#include <stdexcept>

namespace neuron_embed::emulator {

namespace {

constexpr size_t kBlock = 512;

template <typename Integer>
void Put(std::string* bytes, size_t offset, Integer value) {
  for (size_t i = 0; i < sizeof(value); ++i) {
    (*bytes)[offset + i] = static_cast<char>((value >> (8 * i)) & 0xFF);
  }
}

}  // namespace

TarBuilder& TarBuilder::Add(const std::string& name, const std::string& contents) {
  return AddEntry('0', name, contents);
}

TarBuilder& TarBuilder::AddEntry(char type, const std::string& name, const std::string& contents) {
  std::string block(kBlock, '\0');
  block.replace(0, name.size(), name);
  block.replace(100, 7, "0000644");
  block.replace(108, 7, "0000000");
  block.replace(116, 7, "0000000");
  char number[32];
  std::snprintf(number, sizeof(number), "%011zo", contents.size());
  block.replace(124, 11, number);
  block.replace(136, 11, "00000000000");
  block.replace(148, 8, "        ");
  block[156] = type;
  block.replace(257, 5, "ustar");
  block.replace(263, 2, "00");
  unsigned sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  std::snprintf(number, sizeof(number), "%06o", sum);
  block.replace(148, 6, number);
  block[154] = '\0';
  bytes_ += block + contents;
  bytes_.resize((bytes_.size() + kBlock - 1) / kBlock * kBlock, '\0');
  return *this;
}

std::string TarBuilder::Build() const { return bytes_ + std::string(2 * kBlock, '\0'); }

std::string Gzip(const std::string& bytes) {
  z_stream stream;
  std::memset(&stream, 0, sizeof(stream));
  constexpr int kGzip = 16;
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + kGzip, 8,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::runtime_error("deflateInit2 failed");
  }
  std::string result(deflateBound(&stream, bytes.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) throw std::runtime_error("deflate failed");
  result.resize(stream.total_out);
  deflateEnd(&stream);
  return result;
}

std::string NeffContainer(const std::string& payload, const NeffHeader& header) {
  std::string bytes(1024, '\0');
  Put(&bytes, 0, header.package_version);
  Put(&bytes, 8, header.header_size);
  Put(&bytes, 16, uint64_t{payload.size()});
  Put(&bytes, 24, header.major);
  Put(&bytes, 32, header.minor);
  Put(&bytes, 168, uint32_t{1});
  bytes.replace(220, 9, "file.neff");
  Put(&bytes, 476, uint32_t{1});
  Put(&bytes, 544, header.feature_bits);
  Put(&bytes, 552, header.lnc_size);
  return bytes + payload;
}

std::string EmulatedNeff(const std::string& spec, const std::string& onnx, bool gzip) {
  TarBuilder tar;
  tar.Add("neff.json", "{}");
  tar.Add("info.json", R"({"tool_version": "emulated"})");
  tar.Add("kelf-0.json", R"({"target": "*"})");
  tar.Add("emulated/emulated.json", spec);
  if (!onnx.empty()) tar.Add("emulated/model.onnx", onnx);
  return NeffContainer(gzip ? Gzip(tar.Build()) : tar.Build());
}

std::string ToySpec::Json() const {
  const auto input = [this](const char* name, const char* role) {
    return std::string(R"({"name": ")") + name + R"(", "role": ")" + role + R"(", "dtype": ")" +
           input_dtype + R"("})";
  };
  std::string inputs = input("input0", "input_ids") + ", " +
                       (texts == 0 ? input("input1", "attention_mask")
                                   : R"({"name": "input1", "role": "starts", "dtype": "int32"})");
  if (with_types) inputs += ", " + input("input2", "token_type_ids");
  return R"({"format": 1, "batch": )" + std::to_string(batch) + R"(, "sequenceLength": )" +
         std::to_string(sequence_length) +
         (texts == 0 ? "" : R"(, "texts": )" + std::to_string(texts)) + R"(, "inputs": [)" +
         inputs + R"(], "outputs": [{"name": "output0", "kind": ")" + kind + R"(", "dtype": ")" +
         output_dtype + R"(", "hiddenSize": )" + std::to_string(hidden_size) +
         R"(}], "compute": ")" + compute + R"(", "vocabularySize": )" +
         std::to_string(vocabulary_size) + "}";
}

size_t ToySpec::input_bytes() const {
  return size_t{batch} * sequence_length * (input_dtype == "int64" ? 8 : 4);
}

size_t ToySpec::starts_bytes() const { return size_t{batch} * (texts + 1) * 4; }

size_t ToySpec::output_bytes() const {
  const uint32_t vectors = kind == "raw" ? sequence_length : texts == 0 ? 1 : texts;
  return size_t{batch} * vectors * hidden_size * (output_dtype == "bfloat16" ? 2 : 4);
}

std::string ToyNeff(const ToySpec& spec) { return EmulatedNeff(spec.Json()); }

}  // namespace neuron_embed::emulator
