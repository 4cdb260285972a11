/*
 * An ordinary C program for libnrt: loads a NEFF onto every core, runs it once there with ids of 1,
 * prints the first output's checksum. Knows nothing of the emulator. With the vendor's headers it is
 * compiled against those; without, against the few declarations it needs.
 *
 * Usage: program FILE.neff
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef NEURON_EMBED_VENDOR_HEADERS
#include <nrt/nrt.h>
#include <nrt/nrt_experimental.h>
#else
#include <stdbool.h>
#include <stddef.h>
typedef enum { NRT_SUCCESS = 0 } NRT_STATUS;
typedef enum { NRT_TENSOR_PLACEMENT_DEVICE } nrt_tensor_placement_t;
typedef enum { NRT_FRAMEWORK_TYPE_INVALID, NRT_FRAMEWORK_TYPE_NO_FW } nrt_framework_type_t;
typedef enum { NRT_TENSOR_USAGE_INPUT, NRT_TENSOR_USAGE_OUTPUT } nrt_tensor_usage_t;
typedef enum { NRT_DTYPE_UNKNOWN } nrt_dtype_t;
typedef struct nrt_model nrt_model_t;
typedef struct nrt_tensor nrt_tensor_t;
typedef void nrt_tensor_set_t;
typedef struct nrt_tensor_info {
  char name[256];
  nrt_tensor_usage_t usage;
  size_t size;
  nrt_dtype_t dtype;
  uint32_t *shape;
  uint32_t ndim;
} nrt_tensor_info_t;
typedef struct nrt_tensor_info_array {
  uint64_t tensor_count;
  nrt_tensor_info_t tensor_array[];
} nrt_tensor_info_array_t;
NRT_STATUS nrt_init(nrt_framework_type_t framework, const char *fw_version, const char *fal_version);
void nrt_close(void);
NRT_STATUS nrt_get_visible_nc_count(uint32_t *vnc_count);
NRT_STATUS nrt_load(const void *neff_bytes, size_t size, int32_t vnc, int32_t vnc_count,
                    nrt_model_t **model);
NRT_STATUS nrt_unload(nrt_model_t *model);
NRT_STATUS nrt_get_model_tensor_info(nrt_model_t *model, nrt_tensor_info_array_t **tensor_info);
NRT_STATUS nrt_free_model_tensor_info(nrt_tensor_info_array_t *tensor_info);
NRT_STATUS nrt_tensor_allocate(nrt_tensor_placement_t tensor_placement, int vnc, size_t size,
                               const char *name, nrt_tensor_t **tensor);
void nrt_tensor_free(nrt_tensor_t **tensor);
NRT_STATUS nrt_tensor_read(const nrt_tensor_t *tensor, void *buf, size_t offset, size_t size);
NRT_STATUS nrt_tensor_write(nrt_tensor_t *tensor, const void *buf, size_t offset, size_t size);
NRT_STATUS nrt_allocate_tensor_set(nrt_tensor_set_t **result);
void nrt_destroy_tensor_set(nrt_tensor_set_t **tensor_set);
NRT_STATUS nrt_add_tensor_to_tensor_set(nrt_tensor_set_t *tensor_set, const char *tensor_name,
                                        nrt_tensor_t *tensor);
NRT_STATUS nrt_get_tensor_from_tensor_set(nrt_tensor_set_t *tensor_set, const char *tensor_name,
                                          nrt_tensor_t **tensor);
NRT_STATUS nrt_execute(nrt_model_t *model, const nrt_tensor_set_t *input_set,
                       nrt_tensor_set_t *output_set);
#endif

#define CHECK(call)                                                                \
  do {                                                                             \
    const NRT_STATUS status_ = (call);                                             \
    if (status_ != NRT_SUCCESS) {                                                  \
      fprintf(stderr, "line %d: %s: status %d\n", __LINE__, #call, (int)status_);  \
      exit(1);                                                                     \
    }                                                                              \
  } while (0)

/* Makes a tensor for each info of that usage; fills inputs with int32 ones. */
static nrt_tensor_set_t *make_set(const nrt_tensor_info_array_t *infos, nrt_tensor_usage_t usage,
                                  int core) {
  nrt_tensor_set_t *set = NULL;
  CHECK(nrt_allocate_tensor_set(&set));
  for (uint64_t i = 0; i < infos->tensor_count; ++i) {
    const nrt_tensor_info_t *info = &infos->tensor_array[i];
    if (info->usage != usage) continue;
    nrt_tensor_t *tensor = NULL;
    CHECK(nrt_tensor_allocate(NRT_TENSOR_PLACEMENT_DEVICE, core, info->size, info->name, &tensor));
    if (usage == NRT_TENSOR_USAGE_INPUT) {
      int32_t *ones = malloc(info->size);
      if (ones == NULL) exit(1);
      for (size_t j = 0; j < info->size / sizeof(int32_t); ++j) ones[j] = 1;
      CHECK(nrt_tensor_write(tensor, ones, 0, info->size));
      free(ones);
    }
    CHECK(nrt_add_tensor_to_tensor_set(set, info->name, tensor));
  }
  return set;
}

static void free_set(const nrt_tensor_info_array_t *infos, nrt_tensor_usage_t usage,
                     nrt_tensor_set_t *set) {
  nrt_tensor_t *tensors[16];
  size_t count = 0;
  for (uint64_t i = 0; i < infos->tensor_count; ++i) {
    if (infos->tensor_array[i].usage != usage || count == 16) continue;
    CHECK(nrt_get_tensor_from_tensor_set(set, infos->tensor_array[i].name, &tensors[count++]));
  }
  nrt_destroy_tensor_set(&set);
  for (size_t i = 0; i < count; ++i) nrt_tensor_free(&tensors[i]);
}

static void run(const void *neff, size_t size, int core) {
  nrt_model_t *model = NULL;
  nrt_tensor_info_array_t *infos = NULL;
  CHECK(nrt_load(neff, size, core, -1, &model));
  CHECK(nrt_get_model_tensor_info(model, &infos));
  nrt_tensor_set_t *inputs = make_set(infos, NRT_TENSOR_USAGE_INPUT, core);
  nrt_tensor_set_t *outputs = make_set(infos, NRT_TENSOR_USAGE_OUTPUT, core);
  CHECK(nrt_execute(model, inputs, outputs));
  for (uint64_t i = 0; i < infos->tensor_count; ++i) {
    const nrt_tensor_info_t *info = &infos->tensor_array[i];
    if (info->usage != NRT_TENSOR_USAGE_OUTPUT) continue;
    nrt_tensor_t *tensor = NULL;
    CHECK(nrt_get_tensor_from_tensor_set(outputs, info->name, &tensor));
    unsigned char *bytes = malloc(info->size);
    if (bytes == NULL) exit(1);
    CHECK(nrt_tensor_read(tensor, bytes, 0, info->size));
    unsigned sum = 0;
    for (size_t j = 0; j < info->size; ++j) sum = sum * 31 + bytes[j];
    printf("core %d %s %zu bytes checksum %08x\n", core, info->name, info->size, sum);
    free(bytes);
  }
  free_set(infos, NRT_TENSOR_USAGE_INPUT, inputs);
  free_set(infos, NRT_TENSOR_USAGE_OUTPUT, outputs);
  CHECK(nrt_free_model_tensor_info(infos));
  CHECK(nrt_unload(model));
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: %s FILE.neff\n", argv[0]);
    return 2;
  }
  FILE *file = fopen(argv[1], "rb");
  if (file == NULL) {
    perror(argv[1]);
    return 2;
  }
  const size_t capacity = (size_t)1 << 24;
  void *neff = malloc(capacity);
  if (neff == NULL) return 2;
  const size_t size = fread(neff, 1, capacity, file);
  fclose(file);
  CHECK(nrt_init(NRT_FRAMEWORK_TYPE_NO_FW, "", ""));
  uint32_t cores = 0;
  CHECK(nrt_get_visible_nc_count(&cores));
  for (uint32_t core = 0; core < cores; ++core) run(neff, size, (int)core);
  nrt_close();
  free(neff);
  return 0;
}
