/* neuron_capi.h is a C header: this is compiled as C. */

#include "neuron_capi_c_test.h"

#include <string.h>

#include "capi/neuron_capi.h"

int neuron_capi_one_life(const char* emulator, const char* neff, void* input, void* output,
                         uint64_t size, char* message, uint64_t message_size) {
  neuron_status status;
  neuron_slot_memory memory;
  neuron_stage_times times;
  neuron_slot* slot = NULL;
  neuron_model* model = NULL;
  neuron_runtime* runtime = NULL;
  const neuron_library* library = neuron_library_open(emulator, &status);
  if (library != NULL) runtime = neuron_runtime_open(library, NULL, &status);
  if (runtime != NULL) model = neuron_model_load(runtime, neff, 0, &status);
  if (model != NULL) {
    memset(&memory, 0, sizeof(memory));
    memory.input_region = input;
    memory.input_region_size = size;
    memory.output_region = output;
    memory.output_region_size = size;
    memory.stage_times = &times;
    slot = neuron_slot_create(model, NEURON_PATH_WRITE_BATCH, &memory, &status);
  }
  if (slot != NULL) neuron_slot_execute(slot, UINT64_MAX, &status);
  strncpy(message, status.message, message_size - 1);
  message[message_size - 1] = '\0';
  if (slot != NULL) neuron_slot_destroy(slot, NULL);
  if (model != NULL) neuron_model_unload(model, NULL);
  if (runtime != NULL) neuron_runtime_close(runtime, NULL);
  return status.kind;
}
