#ifndef NEURON_EMBED_TEST_NEURON_CAPI_C_TEST_H_
#define NEURON_EMBED_TEST_NEURON_CAPI_C_TEST_H_

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Opens, loads, executes once and closes everything. Returns the status kind of the last step that
 * ran, and its message. */
int neuron_capi_one_life(const char* emulator, const char* neff, void* input, void* output,
                         uint64_t size, char* message, uint64_t message_size);

#ifdef __cplusplus
}
#endif

#endif /* NEURON_EMBED_TEST_NEURON_CAPI_C_TEST_H_ */
