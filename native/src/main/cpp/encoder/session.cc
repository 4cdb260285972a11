#include "encoder/session.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "encoder/error.h"

namespace neuron_embed::encoder {
namespace {

// The number of rows that go through all dense layers of a layer together. Their activations stay
// in the level 2 cache, and the weights are read once for all of them.
constexpr int kChunk = 64;

[[noreturn]] void Refuse(const std::string& what) {
  throw EncoderError(EncoderErrorKind::kArgument, what);
}

int CheckedSize(const char* name, int value, int limit) {
  if (value < 1 || value > limit) {
    Refuse(std::string(name) + " is " + std::to_string(value) + "; it must be 1 to " +
           std::to_string(limit));
  }
  return value;
}

}  // namespace

int64_t CheckTokens(const BertConfig& config, const TokenRows& rows) {
  const int32_t longest = std::min(config.positions, rows.row_stride);
  int64_t tokens = 0;
  for (int32_t i = 0; i < rows.texts; ++i) {
    const int32_t length = rows.lengths[i];
    if (length < 1 || length > longest) {
      Refuse("text " + std::to_string(i) + " has " + std::to_string(length) +
             " tokens; it must have 1 to " + std::to_string(longest));
    }
    const int32_t* ids = rows.ids + static_cast<int64_t>(i) * rows.row_stride;
    for (int32_t j = 0; j < length; ++j) {
      if (ids[j] < 0 || ids[j] >= config.vocabulary) {
        Refuse("token " + std::to_string(j) + " of text " + std::to_string(i) +
               " has an id outside the vocabulary of " + std::to_string(config.vocabulary));
      }
    }
    tokens += length;
  }
  return tokens;
}

ChannelStatistics::ChannelStatistics(const BertConfig& config) {
  for (int layer = 0; layer < config.layers; ++layer) {
    for (const Input input : {kAttention, kAttentionOutput, kIntermediate, kOutput}) {
      const auto channels =
          static_cast<size_t>(input == kOutput ? config.intermediate : config.hidden);
      inputs_.push_back({std::vector<Channel>(channels), 0});
    }
  }
}

void ChannelStatistics::See(int layer, Input input, int first, int count, const float* values) {
  Channels& seen = inputs_[static_cast<size_t>(layer) * 4 + input];
  const size_t end = std::min(static_cast<size_t>(first + count), seen.channels.size());
  for (auto i = static_cast<size_t>(first); i < end; ++i) {
    const float value = values[i - static_cast<size_t>(first)];
    Channel& channel = seen.channels[i];
    channel.least = seen.rows == 0 ? value : std::min(channel.least, value);
    channel.largest = seen.rows == 0 ? value : std::max(channel.largest, value);
    channel.sum += static_cast<double>(value);
  }
  if (end == seen.channels.size()) ++seen.rows;
}

Session::Session(const PackedModel& model, const Kernel& kernel, int max_tokens, int max_texts,
                 int threads)
    : model_(model),
      kernel_(kernel),
      max_tokens_(CheckedSize("max_tokens", max_tokens, 1 << 20)),
      max_texts_(CheckedSize("max_texts", max_texts, max_tokens)),
      width_(static_cast<size_t>(RoundUp(model.config.hidden, kPanel))),
      cls_(model.config.pooling == static_cast<int32_t>(Pooling::kCls)),
      scratch_(static_cast<size_t>(CheckedSize("threads", threads, 256))),
      team_(threads) {
  Lay();
  arena_.Allocate();
  Lay();
}

void Session::Lay() {
  const BertConfig& config = model_.config;
  const PackedLayer& layer = model_.layers.front();
  const auto rows = static_cast<size_t>(max_tokens_);
  const auto chunk = static_cast<size_t>(kChunk);
  const auto quantized = [&](const PackedShape& shape) {
    QuantizedRows into{};
    into.stride = static_cast<size_t>(shape.padded_k());
    into.block_stride = static_cast<size_t>(shape.blocks());
    into.values =
        arena_.Take<uint8_t>(chunk * into.stride * static_cast<size_t>(BytesOf(shape.element)));
    into.scales = arena_.Take<float>(chunk * into.block_stride);
    into.zeros = arena_.Take<int32_t>(chunk * into.block_stride);
    return into;
  };
  starts_ = arena_.Take<int32_t>(static_cast<size_t>(max_texts_) + 1);
  x_ = arena_.Take<float>(rows * width_);
  q_ = arena_.Take<float>(rows * width_);
  k_ = arena_.Take<float>(rows * width_);
  v_ = arena_.Take<float>(rows * width_);
  const int longest = std::min(config.positions, max_tokens_);
  for (Scratch& scratch : scratch_) {
    scratch.input = quantized(layer.intermediate.shape);
    scratch.middle = quantized(layer.output.shape);
    scratch.block = arena_.Take<float>(chunk * kLongestBlock);
    scratch.attention = arena_.Take<float>(AttentionScratch(longest, config.head_size()));
  }
}

void Session::Run(const TokenRows& rows, float* out, ChannelStatistics* statistics) {
  if (rows.texts < 1 || rows.texts > max_texts_) {
    Refuse(std::to_string(rows.texts) + " texts; the session was made for 1 to " +
           std::to_string(max_texts_));
  }
  const int64_t tokens = CheckTokens(model_.config, rows);
  if (tokens > max_tokens_) {
    Refuse(std::to_string(tokens) + " tokens; the session was made for up to " +
           std::to_string(max_tokens_));
  }
  statistics_ = statistics;
  starts_[0] = 0;
  for (int i = 0; i < rows.texts; ++i) starts_[i + 1] = starts_[i] + rows.lengths[i];
  Embed(rows);
  for (int layer = 0; layer < model_.config.layers; ++layer) {
    // CLS pooling needs only the first token of each text from the last layer.
    const bool last = cls_ && layer + 1 == model_.config.layers;
    Project(layer, rows.texts, last);
    Attend(rows.texts, last);
    if (last) {
      for (int i = 0; i < rows.texts; ++i) {
        std::memmove(x_ + static_cast<size_t>(i) * width_,
                     x_ + static_cast<size_t>(starts_[i]) * width_, width_ * sizeof(float));
      }
    }
    Finish(layer, last ? rows.texts : starts_[rows.texts]);
  }
  Pool(rows.texts, out);
}

void Session::Embed(const TokenRows& rows) {
  const BertConfig& config = model_.config;
  const auto hidden = static_cast<size_t>(config.hidden);
  team_.Run(rows.texts, [&](int, int text) {
    const int32_t* ids = rows.ids + static_cast<int64_t>(text) * rows.row_stride;
    for (int position = 0; position < rows.lengths[text]; ++position) {
      const auto id = static_cast<size_t>(ids[position]);
      const int16_t* word = model_.words + id * hidden;
      const float scale = model_.word_scales[id];
      const float* place = model_.positions + static_cast<size_t>(position) * hidden;
      float* x = x_ + static_cast<size_t>(starts_[text] + position) * width_;
      for (size_t i = 0; i < hidden; ++i) x[i] = static_cast<float>(word[i]) * scale + place[i];
      kernel_.normalize(x, config.hidden, model_.embedding_norm.scale, model_.embedding_norm.bias,
                        config.epsilon);
    }
  });
}

int Session::ChunkRows(int rows) const {
  const int share = (rows + team_.size() - 1) / team_.size();
  return std::min(kChunk, RoundUp(share, 4));
}

void Session::Project(int layer, int texts, bool last) {
  const PackedLayer& weights = model_.layers[static_cast<size_t>(layer)];
  const int tokens = starts_[texts];
  const int chunk = ChunkRows(tokens);
  team_.Run((tokens + chunk - 1) / chunk, [&](int worker, int task) {
    const Scratch& scratch = scratch_[static_cast<size_t>(worker)];
    const int begin = task * chunk;
    const int rows = std::min(chunk, tokens - begin);
    const size_t at = static_cast<size_t>(begin) * width_;
    for (int r = 0; r < rows; ++r) {
      const float* x = x_ + at + static_cast<size_t>(r) * width_;
      if (statistics_ != nullptr) {
        statistics_->See(layer, ChannelStatistics::kAttention, 0, model_.config.hidden, x);
      }
      Quantize(weights.query, weights.attention_input, x, r, scratch.input);
    }
    if (!last) Multiply(scratch.input, weights.query, rows, Epilogue::kStore, q_ + at);
    Multiply(scratch.input, weights.key, rows, Epilogue::kStore, k_ + at);
    Multiply(scratch.input, weights.value, rows, Epilogue::kStore, v_ + at);
  });
  if (!last) return;
  for (int begin = 0; begin < texts; begin += kChunk) {
    const int rows = std::min(kChunk, texts - begin);
    const Scratch& scratch = scratch_.front();
    for (int r = 0; r < rows; ++r) {
      const float* x = x_ + static_cast<size_t>(starts_[begin + r]) * width_;
      Quantize(weights.query, weights.attention_input, x, r, scratch.input);
    }
    Multiply(scratch.input, weights.query, rows, Epilogue::kStore,
             q_ + static_cast<size_t>(begin) * width_);
  }
}

void Session::Attend(int texts, bool last) {
  const int heads = model_.config.heads;
  const int size = model_.config.head_size();
  team_.Run(texts * heads, [&](int worker, int task) {
    const int text = task / heads;
    const auto column = static_cast<size_t>(task % heads) * static_cast<size_t>(size);
    const size_t at = static_cast<size_t>(starts_[text]) * width_ + column;
    Attention attention{};
    // In the last layer there is one query per text, and they lie one after the other.
    attention.q = last ? q_ + static_cast<size_t>(text) * width_ + column : q_ + at;
    attention.out = last ? q_ + static_cast<size_t>(text) * width_ + column : q_ + at;
    attention.q_stride = width_;
    attention.queries = last ? 1 : starts_[text + 1] - starts_[text];
    attention.k = k_ + at;
    attention.v = v_ + at;
    attention.stride = width_;
    attention.keys = starts_[text + 1] - starts_[text];
    attention.head_size = size;
    attention.scratch = scratch_[static_cast<size_t>(worker)].attention;
    kernel_.attend(attention);
  });
}

void Session::Finish(int layer, int rows) {
  const BertConfig& config = model_.config;
  const PackedLayer& weights = model_.layers[static_cast<size_t>(layer)];
  const int chunk = ChunkRows(rows);
  team_.Run((rows + chunk - 1) / chunk, [&](int worker, int task) {
    const Scratch& scratch = scratch_[static_cast<size_t>(worker)];
    const int begin = task * chunk;
    const int count = std::min(chunk, rows - begin);
    const size_t at = static_cast<size_t>(begin) * width_;
    const auto row = [&](float* base, int r) {
      return base + at + static_cast<size_t>(r) * width_;
    };
    for (int r = 0; r < count; ++r) {
      if (statistics_ != nullptr) {
        statistics_->See(layer, ChannelStatistics::kAttentionOutput, 0, config.hidden, row(q_, r));
      }
      Quantize(weights.attention_output, weights.attention_output_input, row(q_, r), r,
               scratch.input);
    }
    Multiply(scratch.input, weights.attention_output, count, Epilogue::kAdd, x_ + at);
    for (int r = 0; r < count; ++r) {
      float* x = row(x_, r);
      kernel_.normalize(x, config.hidden, weights.attention_norm.scale, weights.attention_norm.bias,
                        config.epsilon);
      if (statistics_ != nullptr) {
        statistics_->See(layer, ChannelStatistics::kIntermediate, 0, config.hidden, x);
      }
      Quantize(weights.intermediate, weights.intermediate_input, x, r, scratch.input);
    }
    Middle(layer, scratch, count);
    Multiply(scratch.middle, weights.output, count, Epilogue::kAdd, x_ + at);
    for (int r = 0; r < count; ++r) {
      kernel_.normalize(row(x_, r), config.hidden, weights.output_norm.scale,
                        weights.output_norm.bias, config.epsilon);
    }
  });
}

// Computes the intermediate layer in the blocks of the next layer's input. So only one block of
// its fp32 output is in memory at a time.
void Session::Middle(int layer, const Scratch& scratch, int rows) {
  const PackedLayer& weights = model_.layers[static_cast<size_t>(layer)];
  for (int block = 0; block < weights.output.shape.blocks(); ++block) {
    const int first = weights.output.shape.block_begin(block);
    const int length = weights.output.shape.block_length(block);
    Product product{};
    product.matrix = &weights.intermediate;
    product.input = scratch.input;
    product.rows = rows;
    product.first_panel = first / kPanel;
    product.last_panel = RoundUp(first + length, kPanel) / kPanel;
    product.epilogue = Epilogue::kGelu;
    product.out = scratch.block;
    product.out_stride = kLongestBlock;
    kernel_.multiply(product);
    for (int r = 0; r < rows; ++r) {
      const float* values = scratch.block + static_cast<size_t>(r) * kLongestBlock;
      if (statistics_ != nullptr)
        statistics_->See(layer, ChannelStatistics::kOutput, first, length, values);
      QuantizeOne(weights.output, block, weights.output_input, values, r, scratch.middle);
    }
  }
}

void Session::Pool(int texts, float* out) const {
  const auto hidden = static_cast<size_t>(model_.config.hidden);
  for (int text = 0; text < texts; ++text) {
    float* vector = out + static_cast<size_t>(text) * hidden;
    if (cls_) {
      std::copy_n(x_ + static_cast<size_t>(text) * width_, hidden, vector);
    } else {
      std::fill_n(vector, hidden, 0.0F);
      for (int row = starts_[text]; row < starts_[text + 1]; ++row) {
        const float* x = x_ + static_cast<size_t>(row) * width_;
        for (size_t i = 0; i < hidden; ++i) vector[i] += x[i];
      }
      const auto count = static_cast<float>(starts_[text + 1] - starts_[text]);
      for (size_t i = 0; i < hidden; ++i) vector[i] /= count;
    }
    if (model_.config.normalize == 0) continue;
    double squares = 0;
    for (size_t i = 0; i < hidden; ++i) {
      squares += static_cast<double>(vector[i]) * static_cast<double>(vector[i]);
    }
    const double length = std::max(std::sqrt(squares), 1e-12);
    for (size_t i = 0; i < hidden; ++i) {
      vector[i] = static_cast<float>(static_cast<double>(vector[i]) / length);
    }
  }
}

void Session::Quantize(const PackedMatrix& matrix, const InputScaling& scaling, const float* x,
                       int row, const QuantizedRows& into) const {
  for (int block = 0; block < matrix.shape.blocks(); ++block) {
    QuantizeOne(matrix, block, scaling, x + matrix.shape.block_begin(block), row, into);
  }
}

// `x` points to the first value of the block.
void Session::QuantizeOne(const PackedMatrix& matrix, int block, const InputScaling& scaling,
                          const float* x, int row, const QuantizedRows& into) const {
  const PackedShape& shape = matrix.shape;
  const auto begin = static_cast<size_t>(shape.block_begin(block));
  const size_t value = static_cast<size_t>(row) * into.stride + begin;
  const size_t scale = static_cast<size_t>(row) * into.block_stride + static_cast<size_t>(block);
  QuantizeBlock call{};
  call.x = x;
  call.inverse_smooth = scaling.inverse_smooth + begin;
  call.shift = scaling.shift + begin;
  call.length = shape.block_length(block);
  call.out =
      static_cast<uint8_t*>(into.values) + value * static_cast<size_t>(BytesOf(shape.element));
  call.scale = into.scales + scale;
  call.zero = into.zeros + scale;
  (shape.element == Element::kInt8 ? kernel_.quantize_int8 : kernel_.quantize_int16)(call);
}

void Session::Multiply(const QuantizedRows& input, const PackedMatrix& matrix, int rows,
                       Epilogue epilogue, float* out) const {
  Product product{};
  product.matrix = &matrix;
  product.input = input;
  product.rows = rows;
  product.first_panel = 0;
  product.last_panel = matrix.shape.panels();
  product.epilogue = epilogue;
  product.out = out;
  product.out_stride = width_;
  kernel_.multiply(product);
}

}  // namespace neuron_embed::encoder
