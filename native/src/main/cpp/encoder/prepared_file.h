// The prepared file: a header and then the packed weights, used directly from the mapped file.
//
//   offset  bytes
//        0      8  "NEENCPK1"
//        8      4  format version
//       12      4  precision
//       16      8  bytes of the file
//       24      8  checksum of all bytes from 32 on
//       32    100  BertConfig
//      192         arrays, each at a multiple of 64; the header determines which arrays there are
//                  and how long they are
//
// The byte order is that of the machine. The encoder runs only on little-endian machines.

#ifndef NEURON_EMBED_ENCODER_PREPARED_FILE_H_
#define NEURON_EMBED_ENCODER_PREPARED_FILE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "encoder/bert_config.h"
#include "encoder/packed_matrix.h"

namespace neuron_embed::encoder {

// Increase this with every change of the file's content or of its meaning.
constexpr int32_t kFormatVersion = 2;
constexpr size_t kPreparedHeaderBytes = 192;

struct PackedNorm {
  const float* scale;  // [hidden]
  const float* bias;   // [hidden]
};

// A dense layer quantizes x * inverse_smooth + shift instead of its input x. This value has a mean
// near zero and the same range as the weights. The layer's bias compensates for the shift.
struct InputScaling {
  const float* inverse_smooth;  // [padded input size]
  const float* shift;           // [padded input size]
};

struct PackedLayer {
  InputScaling attention_input;  // of query, key and value
  PackedMatrix query;            // multiplied by log2(e) / sqrt(head size)
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

// The positions of all arrays in the bytes of a prepared file.
struct PackedModel {
  BertConfig config;
  Precision precision;
  const int16_t* words;      // [vocabulary, hidden]
  const float* word_scales;  // [vocabulary]
  const float* positions;    // [positions, hidden], the vector of token type 0 added
  PackedNorm embedding_norm;
  std::vector<PackedLayer> layers;
};

// The size in bytes of the prepared file of such a model. `config` must be a valid one.
size_t PreparedBytes(const BertConfig& config, Precision precision);

// The positions of the arrays in `bytes`, which are PreparedBytes() many and 64-byte aligned.
PackedModel BindPrepared(const BertConfig& config, Precision precision, const uint8_t* bytes);

// Writes the header, with the checksum, in front of the finished arrays.
void SealPrepared(const BertConfig& config, Precision precision, uint8_t* bytes);

// Checks all of a file's bytes. Throws EncoderError(kPrepared); `name` is for its message.
PackedModel ReadPrepared(const std::string& name, const uint8_t* bytes, size_t size);

// Writes all of `bytes` to `path`, or leaves `path` as it was. Throws EncoderError(kFile).
void WriteWhole(const std::string& path, const uint8_t* bytes, size_t size);

}  // namespace neuron_embed::encoder

#endif  // NEURON_EMBED_ENCODER_PREPARED_FILE_H_
