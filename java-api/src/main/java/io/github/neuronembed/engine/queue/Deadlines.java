package io.github.neuronembed.engine.queue;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Groups that wait and have a deadline, the earliest first: a binary heap. */
final class Deadlines {

  private @Nullable Group[] heap = new Group[16];
  private int size;

  /** Reserves space, so that {@link #add} allocates nothing. */
  void reserve(int groups) {
    if (groups > heap.length) {
      heap = Arrays.copyOf(heap, Math.max(groups, 2 * heap.length));
    }
  }

  /** Adds a group unless it is there or has no deadline. */
  void add(Group group) {
    if (group.deadlineIndex < 0 && group.deadlineNanos != Group.NO_DEADLINE) {
      rise(group, size++);
    }
  }

  void remove(Group group) {
    int index = group.deadlineIndex;
    if (index < 0) {
      return;
    }
    group.deadlineIndex = -1;
    Group last = at(--size);
    heap[size] = null;
    if (last != group) {
      sink(last, index);
      if (last.deadlineIndex == index) {
        rise(last, index);
      }
    }
  }

  /** The group whose deadline is first, or null. */
  @Nullable Group first() {
    return size == 0 ? null : heap[0];
  }

  private Group at(int index) {
    Group group = heap[index];
    if (group == null) {
      throw new IllegalStateException("The heap has a hole.");
    }
    return group;
  }

  private void put(Group group, int index) {
    heap[index] = group;
    group.deadlineIndex = index;
  }

  private void rise(Group group, int from) {
    int index = from;
    while (index > 0) {
      Group parent = at((index - 1) / 2);
      if (parent.deadlineNanos <= group.deadlineNanos) {
        break;
      }
      put(parent, index);
      index = (index - 1) / 2;
    }
    put(group, index);
  }

  private void sink(Group group, int from) {
    int index = from;
    while (2 * index + 1 < size) {
      int child = 2 * index + 1;
      if (child + 1 < size && at(child + 1).deadlineNanos < at(child).deadlineNanos) {
        child++;
      }
      if (at(child).deadlineNanos >= group.deadlineNanos) {
        break;
      }
      put(at(child), index);
      index = child;
    }
    put(group, index);
  }
}
