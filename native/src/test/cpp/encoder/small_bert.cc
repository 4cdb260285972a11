#include "small_bert.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>

namespace neuron_embed::encoder::testing {
namespace {

using Matrix = std::vector<std::vector<double>>;

// Reads tensors in the order of the file.
class Reader {
 public:
  explicit Reader(const std::vector<float>& values) : at_(values.data()) {}
  const float* Take(int count) {
    const float* taken = at_;
    at_ += count;
    return taken;
  }

 private:
  const float* at_;
};

struct Dense {
  Dense(Reader* reader, int in_size, int out_size)
      : in(in_size), out(out_size), weights(reader->Take(in * out)), bias(reader->Take(out)) {}

  Matrix operator()(const Matrix& x) const {
    Matrix y;
    for (const auto& row : x) {
      std::vector<double> sums(bias, bias + out);
      for (int i = 0; i < in; ++i) {
        for (int j = 0; j < out; ++j) {
          sums[static_cast<size_t>(j)] +=
              row[static_cast<size_t>(i)] * static_cast<double>(weights[i * out + j]);
        }
      }
      y.push_back(sums);
    }
    return y;
  }

  int in;
  int out;
  const float* weights;
  const float* bias;
};

struct Norm {
  Norm(Reader* reader, int hidden, float epsilon_value)
      : scale(reader->Take(hidden)), bias(reader->Take(hidden)), epsilon(epsilon_value) {}

  void operator()(Matrix* x) const {
    for (auto& row : *x) {
      double mean = 0;
      for (double value : row) mean += value / static_cast<double>(row.size());
      double variance = 0;
      for (double value : row) {
        variance += (value - mean) * (value - mean) / static_cast<double>(row.size());
      }
      for (size_t i = 0; i < row.size(); ++i) {
        row[i] = (row[i] - mean) / std::sqrt(variance + static_cast<double>(epsilon)) *
                     static_cast<double>(scale[i]) +
                 static_cast<double>(bias[i]);
      }
    }
  }

  const float* scale;
  const float* bias;
  float epsilon;
};

void Add(const Matrix& from, Matrix* to) {
  for (size_t r = 0; r < from.size(); ++r) {
    for (size_t i = 0; i < from[r].size(); ++i) (*to)[r][i] += from[r][i];
  }
}

Matrix Attend(const Matrix& q, const Matrix& k, const Matrix& v, int heads) {
  const size_t size = q.front().size() / static_cast<size_t>(heads);
  Matrix out(q.size(), std::vector<double>(q.front().size(), 0.0));
  for (size_t head = 0; head < static_cast<size_t>(heads); ++head) {
    for (size_t r = 0; r < q.size(); ++r) {
      std::vector<double> weights;
      double total = 0;
      for (const auto& key : k) {
        double score = 0;
        for (size_t i = head * size; i < (head + 1) * size; ++i) score += q[r][i] * key[i];
        weights.push_back(std::exp(score / std::sqrt(static_cast<double>(size))));
        total += weights.back();
      }
      for (size_t j = 0; j < v.size(); ++j) {
        for (size_t i = head * size; i < (head + 1) * size; ++i) {
          out[r][i] += weights[j] / total * v[j][i];
        }
      }
    }
  }
  return out;
}

}  // namespace

TemporaryPath::TemporaryPath(const std::string& name) {
  static int count = 0;
  path_ = name + "." + std::to_string(getpid()) + "." + std::to_string(count++);
}

TemporaryPath::~TemporaryPath() { std::remove(path_.c_str()); }

BertConfig OddConfig() {
  BertConfig config{2, 40, 5, 100, 50, 600, static_cast<int32_t>(Pooling::kCls), 1, 1e-12F, {}};
  std::memcpy(config.identity, "odd", 3);
  return config;
}

BertConfig WideConfig() {
  return {2, 192, 6, 400, 60, 80, static_cast<int32_t>(Pooling::kMean), 1, 1e-12F, {}};
}

Text RandomText(const BertConfig& config, int length, uint32_t seed) {
  std::minstd_rand random(seed);
  Text text;
  for (int i = 0; i < length; ++i) {
    text.push_back(static_cast<int32_t>(random() % static_cast<uint32_t>(config.vocabulary)));
  }
  return text;
}

SmallBert::SmallBert(const BertConfig& config, uint32_t seed) : config_(config) {
  std::mt19937 random(seed);
  const auto fill = [&](int count, float mean, float deviation) {
    std::normal_distribution<float> values(mean, deviation);
    for (int i = 0; i < count; ++i) tensors_.push_back(values(random));
  };
  const int hidden = config.hidden;
  const auto dense = [&](int in, int out) {
    fill(in * out, 0, 1.2F / std::sqrt(static_cast<float>(in)));
    fill(out, 0, 0.1F);
  };
  const auto norm = [&] {
    fill(hidden, 1, 0.2F);
    fill(hidden, 0, 0.2F);
  };
  fill((config.vocabulary + config.positions + 1) * hidden, 0, 0.5F);
  norm();
  for (int layer = 0; layer < config.layers; ++layer) {
    for (int i = 0; i < 4; ++i) dense(hidden, hidden);
    norm();
    dense(hidden, config.intermediate);
    dense(config.intermediate, hidden);
    norm();
  }
}

std::string SmallBert::File() const {
  std::string bytes = "NEBERTW1";
  const auto append = [&bytes](const void* data, size_t size) {
    bytes.append(static_cast<const char*>(data), size);
  };
  const int32_t fields[] = {1,
                            config_.layers,
                            config_.hidden,
                            config_.heads,
                            config_.intermediate,
                            config_.vocabulary,
                            config_.positions,
                            config_.pooling,
                            config_.normalize};
  append(fields, sizeof fields);
  append(&config_.epsilon, sizeof config_.epsilon);
  append(config_.identity, sizeof config_.identity);
  append(tensors_.data(), tensors_.size() * sizeof(float));
  return bytes;
}

std::vector<double> SmallBert::Embed(const Text& text) const {
  const int hidden = config_.hidden;
  Reader reader(tensors_);
  const float* words = reader.Take(config_.vocabulary * hidden);
  const float* positions = reader.Take(config_.positions * hidden);
  const float* type = reader.Take(hidden);
  Matrix x;
  for (size_t position = 0; position < text.size(); ++position) {
    std::vector<double> row;
    for (int i = 0; i < hidden; ++i) {
      row.push_back(static_cast<double>(words[text[position] * hidden + i]) +
                    static_cast<double>(positions[static_cast<int>(position) * hidden + i]) +
                    static_cast<double>(type[i]));
    }
    x.push_back(row);
  }
  Norm(&reader, hidden, config_.epsilon)(&x);
  for (int layer = 0; layer < config_.layers; ++layer) {
    const Dense query(&reader, hidden, hidden);
    const Dense key(&reader, hidden, hidden);
    const Dense value(&reader, hidden, hidden);
    const Dense attention_output(&reader, hidden, hidden);
    Add(attention_output(Attend(query(x), key(x), value(x), config_.heads)), &x);
    Norm(&reader, hidden, config_.epsilon)(&x);
    const Dense intermediate(&reader, hidden, config_.intermediate);
    const Dense output(&reader, config_.intermediate, hidden);
    Matrix middle = intermediate(x);
    for (auto& row : middle) {
      for (double& y : row) y *= 0.5 * (1 + std::erf(y / std::sqrt(2.0)));
    }
    Add(output(middle), &x);
    Norm(&reader, hidden, config_.epsilon)(&x);
  }
  std::vector<double> vector(static_cast<size_t>(hidden), 0.0);
  const bool cls = config_.pooling == static_cast<int32_t>(Pooling::kCls);
  const size_t rows = cls ? 1 : x.size();
  for (size_t r = 0; r < rows; ++r) {
    for (size_t i = 0; i < vector.size(); ++i) vector[i] += x[r][i] / static_cast<double>(rows);
  }
  if (config_.normalize != 0) {
    double squares = 0;
    for (double value : vector) squares += value * value;
    for (double& value : vector) value /= std::sqrt(squares);
  }
  return vector;
}

void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<long>(bytes.size()));
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

double Cosine(const float* a, const double* b, size_t size) {
  double product = 0;
  double aa = 0;
  double bb = 0;
  for (size_t i = 0; i < size; ++i) {
    const auto value = static_cast<double>(a[i]);
    product += value * b[i];
    aa += value * value;
    bb += b[i] * b[i];
  }
  return product / std::sqrt(aa * bb);
}

}  // namespace neuron_embed::encoder::testing
