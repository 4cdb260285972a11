#include "capi/encoder_capi.h"

#include <atomic>
#include <cstring>
#include <memory>
#include <string>
#include <system_error>

#include "capi/guard.h"
#include "encoder/encoder_model.h"
#include "encoder/error.h"
#include "encoder/kernels.h"
#include "encoder/prepare.h"
#include "encoder/session.h"
#include "encoder/weights_file.h"

// The types behind the handles of the header.
struct neuron_encoder {
  neuron_encoder(const std::string& path, const std::string& kernel) : model(path, kernel) {}

  const neuron_embed::encoder::EncoderModel model;
  std::atomic<int64_t> sessions{0};
};
struct neuron_encoder_session {
  neuron_encoder_session(neuron_encoder* owner, int max_tokens, int max_texts, int threads)
      : encoder(owner),
        session(owner->model.packed(), owner->model.kernel(), max_tokens, max_texts, threads) {}

  neuron_encoder* const encoder;
  neuron_embed::encoder::Session session;
  std::atomic<bool> running{false};
};

namespace neuron_embed::capi {
namespace {

using encoder::EncoderError;
using encoder::EncoderErrorKind;

static_assert(NEURON_ENCODER_POOLING_CLS == static_cast<int>(encoder::Pooling::kCls));
static_assert(NEURON_ENCODER_POOLING_MEAN == static_cast<int>(encoder::Pooling::kMean));
static_assert(NEURON_ENCODER_EXACT == static_cast<int>(encoder::Precision::kExact));
static_assert(NEURON_ENCODER_INT8 == static_cast<int>(encoder::Precision::kInt8));
static_assert(NEURON_ENCODER_IDENTITY_SIZE == sizeof(encoder::BertConfig::identity));

std::atomic<int64_t> live_encoders{0};
std::atomic<int64_t> live_sessions{0};

ErrorKind KindOf(EncoderErrorKind kind) {
  switch (kind) {
    case EncoderErrorKind::kArgument:
      return ErrorKind::kArgument;
    case EncoderErrorKind::kState:
      return ErrorKind::kState;
    case EncoderErrorKind::kFile:
      return ErrorKind::kFile;
    case EncoderErrorKind::kPrepared:
      return ErrorKind::kPrepared;
    case EncoderErrorKind::kUnavailable:
      return ErrorKind::kUnavailable;
  }
  return ErrorKind::kInternal;
}

// The same as Guard, for the exceptions of the encoder.
template <typename Body>
int32_t GuardEncoder(neuron_status* status, Body&& body) noexcept {
  return Guard(status, [&] {
    try {
      body();
    } catch (const EncoderError& error) {
      throw Error(KindOf(error.kind()), error.what());
    } catch (const std::system_error& error) {
      throw Error(ErrorKind::kMemory,
                  std::string("a thread could not be started: ") + error.what());
    }
  });
}

[[noreturn]] void Refuse(EncoderErrorKind kind, const char* message) {
  throw EncoderError(kind, message);
}

template <typename T>
T& NonNull(T* pointer, const char* message) {
  if (pointer == nullptr) Refuse(EncoderErrorKind::kArgument, message);
  return *pointer;
}

std::string NameOf(const char* kernel) { return kernel == nullptr ? "" : kernel; }

}  // namespace
}  // namespace neuron_embed::capi

using namespace neuron_embed;        // NOLINT: the C functions below are outside of any namespace
using namespace neuron_embed::capi;  // NOLINT

int32_t neuron_encoder_kernel_count(void) noexcept {
  int32_t count = 0;
  while (encoder::KernelAt(static_cast<size_t>(count)) != nullptr) ++count;
  return count;
}

const char* neuron_encoder_kernel_name(int32_t index) noexcept {
  const encoder::Kernel* kernel =
      index < 0 ? nullptr : encoder::KernelAt(static_cast<size_t>(index));
  return kernel == nullptr ? nullptr : kernel->name;
}

int32_t neuron_encoder_format_version(void) noexcept { return encoder::kFormatVersion; }

int32_t neuron_encoder_prepare(const char* weights_path, const char* target_path, int32_t precision,
                               const char* kernel, const int32_t* ids, int32_t row_stride,
                               const int32_t* lengths, int32_t texts,
                               neuron_status* status) noexcept {
  return GuardEncoder(status, [&] {
    const char* source = &NonNull(weights_path, "weights_path is null");
    const char* target = &NonNull(target_path, "target_path is null");
    if (precision != NEURON_ENCODER_EXACT && precision != NEURON_ENCODER_INT8) {
      Refuse(EncoderErrorKind::kArgument, "precision is neither exact nor int8");
    }
    if (texts < 0) Refuse(EncoderErrorKind::kArgument, "texts is negative");
    if (texts > 0) {
      NonNull(ids, "ids is null");
      NonNull(lengths, "lengths is null");
    }
    const encoder::Kernel& chosen = encoder::KernelNamed(NameOf(kernel));
    const encoder::WeightsFile file(source);
    encoder::Prepare(file.weights(), static_cast<encoder::Precision>(precision), chosen,
                     {ids, row_stride, lengths, texts}, target);
  });
}

neuron_encoder* neuron_encoder_open(const char* path, const char* kernel,
                                    neuron_status* status) noexcept {
  neuron_encoder* opened = nullptr;
  GuardEncoder(status, [&] {
    const char* file = &NonNull(path, "path is null");
    opened = new neuron_encoder(file, NameOf(kernel));
    ++live_encoders;
  });
  return opened;
}

int32_t neuron_encoder_close(neuron_encoder* encoder, neuron_status* status) noexcept {
  return GuardEncoder(status, [&] {
    if (NonNull(encoder, "encoder is null").sessions.load() != 0) {
      Refuse(EncoderErrorKind::kState, "the encoder still has sessions; close them first");
    }
    delete encoder;
    --live_encoders;
  });
}

int32_t neuron_encoder_get_info(const neuron_encoder* encoder, neuron_encoder_info* info,
                                neuron_status* status) noexcept {
  return GuardEncoder(status, [&] {
    const encoder::EncoderModel& model = NonNull(encoder, "encoder is null").model;
    const encoder::BertConfig& config = model.packed().config;
    neuron_encoder_info& out = NonNull(info, "info is null");
    out.layers = config.layers;
    out.hidden = config.hidden;
    out.heads = config.heads;
    out.intermediate = config.intermediate;
    out.vocabulary = config.vocabulary;
    out.positions = config.positions;
    out.pooling = config.pooling;
    out.normalize = config.normalize;
    out.precision = static_cast<int32_t>(model.packed().precision);
    out.kernel = model.kernel().name;
    std::memcpy(out.identity, config.identity, sizeof out.identity);
    out.mapped_bytes = model.mapped_bytes();
  });
}

neuron_encoder_session* neuron_encoder_session_new(neuron_encoder* encoder, int32_t max_tokens,
                                                   int32_t max_texts, int32_t threads,
                                                   neuron_status* status) noexcept {
  neuron_encoder_session* session = nullptr;
  GuardEncoder(status, [&] {
    neuron_encoder& owner = NonNull(encoder, "encoder is null");
    session = new neuron_encoder_session(&owner, max_tokens, max_texts, threads);
    ++owner.sessions;
    ++live_sessions;
  });
  return session;
}

int32_t neuron_encoder_session_close(neuron_encoder_session* session,
                                     neuron_status* status) noexcept {
  return GuardEncoder(status, [&] {
    if (NonNull(session, "session is null").running.load()) {
      Refuse(EncoderErrorKind::kState, "the encoder's session is running");
    }
    neuron_encoder* encoder = session->encoder;
    delete session;
    --encoder->sessions;
    --live_sessions;
  });
}

uint64_t neuron_encoder_session_bytes(const neuron_encoder_session* session) noexcept {
  return session == nullptr ? 0 : session->session.bytes();
}

int32_t neuron_encoder_run(neuron_encoder_session* session, const int32_t* ids, int32_t row_stride,
                           const int32_t* lengths, int32_t texts, float* out,
                           neuron_status* status) noexcept {
  return GuardEncoder(status, [&] {
    NonNull(session, "session is null");
    NonNull(ids, "ids is null");
    NonNull(lengths, "lengths is null");
    NonNull(out, "out is null");
    if (session->running.exchange(true)) {
      Refuse(EncoderErrorKind::kState, "the encoder's session is running in another thread");
    }
    struct Release {
      std::atomic<bool>& running;
      ~Release() { running = false; }
    } release{session->running};
    session->session.Run({ids, row_stride, lengths, texts}, out);
  });
}

void neuron_encoder_get_live_counts(neuron_encoder_live_counts* counts) noexcept {
  counts->encoders = live_encoders.load();
  counts->sessions = live_sessions.load();
}
