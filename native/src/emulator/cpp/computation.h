// The computation of an emulated model. One object per loaded model. A core runs one at a time.

#ifndef NEURON_EMBED_EMULATOR_COMPUTATION_H_
#define NEURON_EMBED_EMULATOR_COMPUTATION_H_

#include <cstdint>
#include <memory>

#include "model_spec.h"
#include "nrt/nrt_abi.h"

namespace neuron_embed::emulator {

class OnnxSession;

class Computation {
 public:
  virtual ~Computation() = default;

  // `inputs` and `outputs` hold one pointer per tensor of the spec, in its order, each to as many
  // bytes as the spec says, with any alignment. Returns
  //   NRT_EXEC_OOB                 a token id is negative or not below the vocabulary size
  //   NRT_EXEC_BAD_INPUT           an attention mask has a value other than 0 and 1, a token type
  //                                id does not fit 16 bits, or a start is outside of its row
  //   NRT_EXEC_COMPLETED_WITH_ERR  the computation failed
  virtual nrt::NRT_STATUS Run(const uint8_t* const* inputs, uint8_t* const* outputs) = 0;
};

// Hashes each row, or each text of a packed row, to a vector; README.md defines the function.
// `spec` must outlive the result.
std::unique_ptr<Computation> MakeHashComputation(const ModelSpec& spec);

// Runs an ONNX model. `spec` must outlive the result.
std::unique_ptr<Computation> MakeOnnxComputation(const ModelSpec& spec,
                                                 std::shared_ptr<OnnxSession> session);

}  // namespace neuron_embed::emulator

#endif  // NEURON_EMBED_EMULATOR_COMPUTATION_H_
