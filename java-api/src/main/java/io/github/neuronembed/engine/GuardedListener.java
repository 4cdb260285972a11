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
    tell(told -> told.started(snapshot));
  }

  @Override
  public void refused(Lane lane) {
    tell(told -> told.refused(lane));
  }

  @Override
  public void executed(Execution execution) {
    tell(told -> told.executed(execution));
  }

  @Override
  public void ended(RequestEnd end) {
    tell(told -> told.ended(end));
  }

  @Override
  public void tokenized(long nanos) {
    tell(told -> told.tokenized(nanos));
  }

  @Override
  public void truncated() {
    tell(EngineListener::truncated);
  }

  @Override
  public void closed() {
    tell(EngineListener::closed);
  }

  private void tell(Consumer<EngineListener> event) {
    try {
      event.accept(listener);
    } catch (RuntimeException | Error e) {
      if (hasFailed.compareAndSet(false, true)) {
        LOG.warn("The engine's listener failed; further failures are not logged.", e);
      }
    }
  }
}
