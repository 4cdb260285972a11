package io.github.neuronembed.engine;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps a listener's exceptions away from the requests; logs the first. */
final class GuardedListener implements EngineListener {

  private static final Logger LOG = LoggerFactory.getLogger(GuardedListener.class);

  private final EngineListener listener;
  private final AtomicBoolean hasFailed = new AtomicBoolean();

  GuardedListener(EngineListener listener) {
    this.listener = listener;
  }

  @Override
  public void started(Supplier<EngineSnapshot> snapshot) {
    send(target -> target.started(snapshot));
  }

  @Override
  public void refused(Lane lane) {
    send(target -> target.refused(lane));
  }

  @Override
  public void executed(Execution execution) {
    send(target -> target.executed(execution));
  }

  @Override
  public void ended(RequestEnd end) {
    send(target -> target.ended(end));
  }

  @Override
  public void tokenized(long nanos) {
    send(target -> target.tokenized(nanos));
  }

  @Override
  public void truncated() {
    send(EngineListener::truncated);
  }

  @Override
  public void closed() {
    send(EngineListener::closed);
  }

  private void send(Consumer<EngineListener> event) {
    try {
      event.accept(listener);
    } catch (RuntimeException | Error e) {
      if (hasFailed.compareAndSet(false, true)) {
        LOG.warn("The engine's listener failed; further failures are not logged.", e);
      }
    }
  }
}
