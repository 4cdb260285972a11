#include <cmath>
#include <cstring>
#include <exception>

#include "bfloat16.h"
#include "computation.h"
#include "log.h"
#include "onnx_runtime.h"
#include "token_input.h"

namespace neuron_embed::emulator {

namespace {

class OnnxComputation : public Computation, private OnnxSession::Consumer {
 public:
  OnnxComputation(const ModelSpec& spec, std::shared_ptr<OnnxSession> session)
      : spec_(spec), tokens_(spec), session_(std::move(session)) {
    // Loading has already refused unknown input names.
    for (const std::string& name : session_->inputs()) {
      const bool starts = name == "starts";
      std::vector<int64_t>& buffer = name == "input_ids"        ? ids_
                                     : name == "attention_mask" ? mask_
                                     : starts                   ? starts_
                                                                : types_;
      const size_t length = starts ? spec.texts + 1 : spec.sequence_length;
      buffer.resize(spec.batch * length);
      values_.push_back({buffer.data(), static_cast<int64_t>(length)});
    }
    for (const OutputSpec& output : spec.outputs) {
      size_t index = 0;
      for (size_t i = 0; i < session_->outputs().size() && !output.source.empty(); ++i) {
        if (session_->outputs()[i].name == output.source) index = i;
      }
      wanted_.push_back(index);
    }
  }

  nrt::NRT_STATUS Run(const uint8_t* const* inputs, uint8_t* const* outputs) override {
    for (size_t row = 0; row < spec_.batch; ++row) {
      const nrt::NRT_STATUS status = tokens_.Check(inputs, row);
      if (status != nrt::NRT_SUCCESS) return status;
    }
    for (size_t i = 0; i < ids_.size(); ++i) ids_[i] = tokens_.Id(inputs, i);
    for (size_t i = 0; i < mask_.size(); ++i) mask_[i] = tokens_.Mask(inputs, i);
    for (size_t i = 0; i < types_.size(); ++i) types_[i] = tokens_.Type(inputs, i);
    for (size_t i = 0; i < starts_.size(); ++i) {
      starts_[i] = tokens_.Start(inputs, i / (spec_.texts + 1), i % (spec_.texts + 1));
    }
    destinations_ = outputs;
    std::string error;
    try {
      if (session_->Run(values_, spec_.batch, wanted_, this, &error)) {
        return nrt::NRT_SUCCESS;
      }
    } catch (const std::exception& e) {  // none may leave the library
      error = e.what();
    }
    Log(LogLevel::kError, "computing failed: %s", error.c_str());
    return nrt::NRT_EXEC_COMPLETED_WITH_ERR;
  }

 private:
  bool Output(size_t index, const std::vector<int64_t>& dims, const float* data) override {
    const OutputSpec& output = spec_.outputs[index];
    const int64_t batch = spec_.batch;
    const int64_t length = spec_.sequence_length;
    const int64_t hidden = output.hidden_size;
    if (spec_.packed()) {
      if (dims != std::vector<int64_t>{batch, int64_t{spec_.texts}, hidden}) return false;
      Store(output, data, size_t{spec_.batch} * spec_.texts * output.hidden_size, 1.0,
            destinations_[index]);
      return true;
    }
    const bool raw_data = dims == std::vector<int64_t>{batch, length, hidden};
    const bool pooled_data = dims == std::vector<int64_t>{batch, hidden};
    uint8_t* destination = destinations_[index];
    const size_t width = output.hidden_size;
    if (output.kind == OutputKind::kRaw) {
      if (!raw_data) return false;
      Store(output, data, size_t{spec_.batch} * spec_.sequence_length * width, 1.0, destination);
      return true;
    }
    if (!raw_data && !pooled_data) return false;
    const size_t stride = raw_data ? spec_.sequence_length * width : width;
    const size_t row_bytes = output.size / spec_.batch;
    for (size_t row = 0; row < spec_.batch; ++row) {
      const float* vector = data + row * stride;  // of the CLS token, where there is one per token
      double scale = 1.0;
      if (raw_data) {
        double squares = 0;
        for (size_t j = 0; j < width; ++j) squares += double{vector[j]} * vector[j];
        if (squares > 0) scale = 1.0 / std::sqrt(squares);
      }
      Store(output, vector, width, scale, destination + row * row_bytes);
    }
    return true;
  }

  static void Store(const OutputSpec& output, const float* values, size_t count, double scale,
                    uint8_t* destination) {
    for (size_t i = 0; i < count; ++i) {
      const float value = scale == 1.0 ? values[i] : static_cast<float>(values[i] * scale);
      if (output.dtype == Dtype::kBfloat16) {
        const uint16_t narrow = ToBfloat16(value);
        std::memcpy(destination + i * sizeof(narrow), &narrow, sizeof(narrow));
      } else {
        std::memcpy(destination + i * sizeof(value), &value, sizeof(value));
      }
    }
  }

  const ModelSpec& spec_;
  const TokenInputs tokens_;
  const std::shared_ptr<OnnxSession> session_;
  std::vector<int64_t> ids_;
  std::vector<int64_t> mask_;
  std::vector<int64_t> types_;
  std::vector<int64_t> starts_;
  std::vector<OnnxSession::Input> values_;
  std::vector<size_t> wanted_;
  uint8_t* const* destinations_ = nullptr;  // during Run
};

}  // namespace

std::unique_ptr<Computation> MakeOnnxComputation(const ModelSpec& spec,
                                                 std::shared_ptr<OnnxSession> session) {
  return std::make_unique<OnnxComputation>(spec, std::move(session));
}

}  // namespace neuron_embed::emulator
