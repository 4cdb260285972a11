// The prepared file: packed weights behind a header, as they are used from the mapping.
//
//   offset  bytes
//        0      8  "NEENCPK1"
//        8      4  format version
//       12      4  precision
//       16      8  bytes of the file
//       24      8  checksum of all bytes from 32 on
//       32    100  BertConfig
//      192         arrays, each from a multiple of 64 on; which, and how long, follows from the
//                  header alone
//
// In the byte order of the machine; only little-endian machines run the encoder.

#ifndef NEURON_EMBED_ENCODER_PREPARED_FILE_H_
#define NEURON_EMBED_ENCODER_PREPARED_FILE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "encoder/bert_config.h"
#include "encoder/packed_matrix.h"

namespace neuron_embed::encoder {

// Counts every change of what the file holds or means.
constexpr int32_t kFormatVersion = 2;
constexpr size_t kPreparedHeaderBytes = 192;

struct PackedNorm {
  const float* scale;  // [hidden]
  const float* bias;   // [hidden]
};

// What is quantized of a dense layer's input x: x * inverse_smooth + shift, which has a mean near
// zero and the same range as the weights. The layer's bias makes up for the shift.
struct InputScaling {
  const float* inverse_smooth;  // [padded input size]
  const float* shift;           // [padded input size]
};

struct PackedLayer {
  InputScaling attention_input;  // of query, key and value
  PackedMatrix query;            // with log2(e) / sqrt(head size)
  PackedMatrix key;
  PackedMatrix value;
  InputScaling attention_output_input;
  PackedMatrix attention_output;
  PackedNorm attention_norm;
  InputScaling intermediate_input;
  PackedMatrix intermediate;
  InputScaling output_input;
  PackedMatrix output;
  PackedNorm output_norm;
};

// Where everything lies in the bytes of a prepared file.
struct PackedModel {
  BertConfig config;
  Precision precision;
  const int16_t* words;      // [vocabulary, hidden]
  const float* word_scales;  // [vocabulary]
  const float* positions;    // [positions, hidden], with token type 0
  PackedNorm embedding_norm;
  std::vector<PackedLayer> layers;
};

// Bytes of the prepared file of such a model. `config` has no problem.
size_t PreparedBytes(const BertConfig& config, Precision precision);

// Where the arrays lie in `bytes`, PreparedBytes() of them, 64-byte aligned.
PackedModel BindPrepared(const BertConfig& config, Precision precision, const uint8_t* bytes);

// Writes the header, with the checksum, in front of the finished arrays.
void SealPrepared(const BertConfig& config, Precision precision, uint8_t* bytes);

// Checks all of a file's bytes. Throws EncoderError(kPrepared); `name` is for its message.
PackedModel ReadPrepared(const std::string& name, const uint8_t* bytes, size_t size);

// Writes `bytes` to `path` whole or not at all. Throws EncoderError(kFile).
void WriteWhole(const std::string& path, const uint8_t* bytes, size_t size);

}  // namespace neuron_embed::encoder

#endif  // NEURON_EMBED_ENCODER_PREPARED_FILE_H_
