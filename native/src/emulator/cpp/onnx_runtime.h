// ONNX Runtime's C API, loaded with dlopen and declared here. The API is a table of function
// pointers to which releases only append, so the position of a function never changes.

#ifndef NEURON_EMBED_EMULATOR_ONNX_RUNTIME_H_
#define NEURON_EMBED_EMULATOR_ONNX_RUNTIME_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace neuron_embed::emulator {

class OnnxRuntime {
 public:
  // Loads the library at `path`. Its symbols are local, so another release in the same process is
  // not affected. It is never unloaded. Returns null, with *error, if it cannot be used.
  static std::shared_ptr<OnnxRuntime> Load(const std::string& path, std::string* error);

  struct Table;
  const Table& table() const { return *table_; }
  void* environment() const { return environment_; }

 private:
  OnnxRuntime() = default;
  std::unique_ptr<Table> table_;
  void* environment_ = nullptr;
};

// A model in ONNX Runtime. Thread-safe: any number of runs at once.
class OnnxSession {
 public:
  struct Port {
    std::string name;
    size_t rank;
  };

  // Returns null, with *error, if the model cannot be used: inputs must be int64 [batch, length],
  // outputs float32. The session does not refer to `bytes`.
  static std::unique_ptr<OnnxSession> Create(std::shared_ptr<OnnxRuntime> runtime,
                                             const uint8_t* bytes, size_t size, uint32_t threads,
                                             std::string* error);
  ~OnnxSession();
  OnnxSession(const OnnxSession&) = delete;
  OnnxSession& operator=(const OnnxSession&) = delete;

  const std::vector<std::string>& inputs() const { return inputs_; }
  const std::vector<Port>& outputs() const { return outputs_; }

  // The elements of an input, [batch, length].
  struct Input {
    const int64_t* data;
    int64_t length;
  };

  // Runs with one tensor per input, in the order of inputs(). For each output of
  // `wanted` (indexes into outputs()) calls consume->Output(i, dims, data). False, with *error, on
  // failure.
  class Consumer {
   public:
    virtual ~Consumer() = default;
    virtual bool Output(size_t wanted_index, const std::vector<int64_t>& dims,
                        const float* data) = 0;
  };
  bool Run(const std::vector<Input>& values, int64_t batch, const std::vector<size_t>& wanted,
           Consumer* consumer, std::string* error);

  // The number of sessions in this process.
  static uint64_t live();

 private:
  OnnxSession() = default;
  bool ReadPorts(bool inputs, std::string* error);

  std::shared_ptr<OnnxRuntime> runtime_;
  void* session_ = nullptr;
  void* memory_info_ = nullptr;
  std::vector<std::string> inputs_;
  std::vector<Port> outputs_;
};

}  // namespace neuron_embed::emulator

#endif  // NEURON_EMBED_EMULATOR_ONNX_RUNTIME_H_
