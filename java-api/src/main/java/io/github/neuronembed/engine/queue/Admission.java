package io.github.neuronembed.engine.queue;

import org.jspecify.annotations.Nullable;

/**
 * The limits of a lane, and the line of the groups that wait for space in it. A later group does
 * not overtake an earlier one. A group enters as a whole.
 */
final class Admission {

  private final int maxRequests;
  private final long maxTokens;
  private @Nullable Group first;
  private @Nullable Group last;

  /**
   * @param maxRequests most requests that wait in a lane
   * @param maxTokens most tokens that wait in a lane
   */
  Admission(int maxRequests, long maxTokens) {
    this.maxRequests = maxRequests;
    this.maxTokens = maxTokens;
  }

  /** Whether a group fits into its lane. Every group fits into an empty lane. */
  boolean hasSpace(LaneQueue lane, Group group) {
    return lane.requests() == 0
        || ((long) lane.requests() + group.requests.size() <= maxRequests
            && lane.tokens() + group.tokens <= maxTokens);
  }

  /** The group whose turn it is, or null. */
  @Nullable Group first() {
    return first;
  }

  void append(Group group) {
    if (last == null) {
      first = group;
    } else {
      last.nextInLine = group;
    }
    last = group;
  }

  /** Removes a group from any place. */
  void remove(Group group) {
    Group before = null;
    for (Group at = first; at != null; at = at.nextInLine) {
      if (at == group) {
        if (before == null) {
          first = group.nextInLine;
        } else {
          before.nextInLine = group.nextInLine;
        }
        last = last == group ? before : last;
        group.nextInLine = null;
        return;
      }
      before = at;
    }
  }
}
