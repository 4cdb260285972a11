// Counts what a thread allocates with operator new. Linked into a test, this replaces the operator.

#ifndef NEURON_EMBED_TEST_ALLOCATION_COUNTER_H_
#define NEURON_EMBED_TEST_ALLOCATION_COUNTER_H_

namespace neuron_embed::testing {

// Allocations of the calling thread so far.
int AllocationsOfThisThread();

}  // namespace neuron_embed::testing

#endif  // NEURON_EMBED_TEST_ALLOCATION_COUNTER_H_
