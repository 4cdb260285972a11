// Counts the allocations of a thread by operator new. It replaces the operator in a test that links
// this.

#ifndef NEURON_EMBED_TEST_ALLOCATION_COUNTER_H_
#define NEURON_EMBED_TEST_ALLOCATION_COUNTER_H_

namespace neuron_embed::testing {

// Allocations of the calling thread so far.
int AllocationsOfThisThread();

}  // namespace neuron_embed::testing

#endif  // NEURON_EMBED_TEST_ALLOCATION_COUNTER_H_
