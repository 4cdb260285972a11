// Runs a model on batches of texts. It allocates its memory once.
//
// The tokens of a batch lie end to end. Dense layers run over chunks of rows,
// which may belong to several texts. Attention runs per text and head.

#ifndef NEURON_EMBED_ENCODER_SESSION_H_
#define NEURON_EMBED_ENCODER_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "encoder/arena.h"
#include "encoder/kernel.h"
#include "encoder/prepared_file.h"
#include "encoder/worker_team.h"

namespace neuron_embed::encoder {

// The token ids of text i are the lengths[i] values from ids[i * row_stride] on.
struct TokenRows {
  const int32_t* ids;
  int32_t row_stride;
  const int32_t* lengths;
  int32_t texts;
};

// Throws EncoderError(kArgument) unless every id and length is valid for the
// model. Returns the total number of tokens.
int64_t CheckTokens(const BertConfig& config, const TokenRows& rows);

// Statistics of the inputs of the dense layers, for each channel.
class ChannelStatistics {
 public:
  enum Input : size_t { kAttention = 0, kAttentionOutput = 1, kIntermediate = 2, kOutput = 3 };

  struct Channel {
    float least = 0;
    float largest = 0;
    double sum = 0;
  };
  struct Channels {
    std::vector<Channel> channels;
    int64_t rows = 0;
  };

  explicit ChannelStatistics(const BertConfig& config);

  // Records `count` channels of a row, from channel `first` on. A call with the last channel of a
  // row ends the row.
  void See(int layer, Input input, int first, int count, const float* values);
  const Channels& at(int layer, Input input) const {
    return inputs_[static_cast<size_t>(layer) * 4 + input];
  }

 private:
  std::vector<Channels> inputs_;
};

class Session {
 public:
  // `model` and `kernel` must outlive the session. Throws
  // EncoderError(kArgument) for sizes out of range.
  Session(const PackedModel& model, const Kernel& kernel, int max_tokens, int max_texts,
          int threads);

  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // out: [texts, hidden]. Throws EncoderError(kArgument), and then writes
  // nothing. Allocates nothing unless it throws. One call at a time. If
  // `statistics` is not null, it records the input of every dense layer; the
  // session must then have one thread.
  void Run(const TokenRows& rows, float* out, ChannelStatistics* statistics = nullptr);

  size_t bytes() const { return arena_.bytes(); }

 private:
  // What a worker needs for a chunk of rows.
  struct Scratch {
    QuantizedRows input;   // the input of the dense layers that take `hidden` values
    QuantizedRows middle;  // the intermediate layer's output
    float* block;          // [kChunk, kLongestBlock]
    float* attention;
  };

  void Lay();
  void Embed(const TokenRows& rows);
  void Project(int layer, int texts, bool last);
  void Attend(int texts, bool last);
  void Finish(int layer, int rows);
  void Pool(int texts, float* out) const;

  void Quantize(const PackedMatrix& matrix, const InputScaling& scaling, const float* x, int row,
                const QuantizedRows& into) const;
  void QuantizeOne(const PackedMatrix& matrix, int block, const InputScaling& scaling,
                   const float* x, int row, const QuantizedRows& into) const;
  void Multiply(const QuantizedRows& input, const PackedMatrix& matrix, int rows, Epilogue epilogue,
                float* out) const;
  void Middle(int layer, const Scratch& scratch, int rows);
  int ChunkRows(int rows) const;

  const PackedModel& model_;
  const Kernel& kernel_;
  const int max_tokens_;
  const int max_texts_;
  const size_t width_;  // floats between rows of x_, q_, k_ and v_
  const bool cls_;
  ChannelStatistics* statistics_ = nullptr;

  Arena arena_;
  int32_t* starts_ = nullptr;  // [max_texts + 1], in tokens
  float* x_ = nullptr;         // [max_tokens, width]
  float* q_ = nullptr;         // [max_tokens, width]; then attention's output
  float* k_ = nullptr;
  float* v_ = nullptr;
  std::vector<Scratch> scratch_;  // of each worker
  WorkerTeam team_;
};

}  // namespace neuron_embed::encoder

#endif  // NEURON_EMBED_ENCODER_SESSION_H_
