/* A libnrt with nrt_tensor_cast, for the test that it is seen and not called: the emulator, which
 * is linked, has everything else. The real signature is in no public header. */
#include <stdlib.h>

void nrt_tensor_cast(void);
void nrt_tensor_cast(void) { abort(); }
