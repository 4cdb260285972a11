package io.github.neuronembed.backend.neuron;

import io.github.neuronembed.BackendUnavailableException;
import io.github.neuronembed.EmbeddingException;
import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.backend.ExecutionSlot;
import io.github.neuronembed.backend.InferenceBackend;
import io.github.neuronembed.backend.Replica;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.model.NeuronManifest;
import io.github.neuronembed.model.NeuronManifest.CompiledModel;
import io.github.neuronembed.nrt.InputPath;
import io.github.neuronembed.nrt.NativeLibrary;
import io.github.neuronembed.nrt.NeuronModel;
import io.github.neuronembed.nrt.NeuronRuntime;
import io.github.neuronembed.nrt.NeuronSlot;
import io.github.neuronembed.nrt.NrtEmulator;
import io.github.neuronembed.nrt.NrtException;
import io.github.neuronembed.nrt.NrtLibrary;
import io.github.neuronembed.nrt.RuntimeOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Compiled models on NeuronCores: one replica per core, each with all compiled shapes. */
public final class NeuronBackend implements InferenceBackend {

  private static final Logger LOG = LoggerFactory.getLogger(NeuronBackend.class);

  private final NeuronRuntime runtime;
  private final NrtLibrary library;
  private final int hiddenSize;
  private final boolean pools;
  private final int padTokenId;
  private final InputPath inputPath;
  private final List<Shape> shapes;
  private final List<Replica> replicas;
  private final List<NeuronModel> models;
  private final AtomicBoolean replacementLogged = new AtomicBoolean();

  private NeuronBackend(
      NeuronRuntime runtime,
      NrtLibrary library,
      int hiddenSize,
      boolean pools,
      int padTokenId,
      InputPath inputPath,
      List<Shape> shapes,
      List<NeuronModel> models,
      List<Map<Shape, LoadedModel>> byCore) {
    this.runtime = runtime;
    this.library = library;
    this.hiddenSize = hiddenSize;
    this.pools = pools;
    this.padTokenId = padTokenId;
    this.inputPath = inputPath;
    this.shapes = shapes;
    this.models = models;
    List<Replica> made = new ArrayList<>();
    for (int core = 0; core < byCore.size(); core++) {
      made.add(new CoreReplica(core, byCore.get(core)));
    }
    this.replicas = List.copyOf(made);
  }

  /** A compiled model on a core, and the meaning of its tensors. */
  record LoadedModel(NeuronModel model, CompiledModel compiled) {}

  /**
   * Takes the machine's NeuronCores.
   *
   * @param manifest the compiled models
   * @param padTokenId the model's padding token
   * @param options which cores, and the execution timeout
   * @throws BackendUnavailableException if there is no libnrt or no NeuronCore, another process
   *     holds the cores, or this one already has an open runtime; the message says what was tried
   * @throws ModelLoadException if a model does not fit the runtime, the hardware or its manifest
   */
  public static NeuronBackend open(
      NeuronManifest manifest, int padTokenId, RuntimeOptions options) {
    return open(manifest, padTokenId, options, InputPath.WRITE_BATCH);
  }

  /**
   * Takes NeuronCores of the machine.
   *
   * @param visibleCores the cores, in libnrt's format: an index or a range; empty to use the
   *     environment
   * @see #open(NeuronManifest, int, RuntimeOptions)
   */
  public static NeuronBackend open(NeuronManifest manifest, int padTokenId, String visibleCores) {
    return open(manifest, padTokenId, RuntimeOptions.defaults().withVisibleCores(visibleCores));
  }

  /**
   * Takes the machine's NeuronCores.
   *
   * @param inputPath how ids reach the device; a path that does not work is replaced, and the log
   *     says so
   * @see #open(NeuronManifest, int, RuntimeOptions)
   */
  public static NeuronBackend open(
      NeuronManifest manifest, int padTokenId, RuntimeOptions options, InputPath inputPath) {
    try {
      NativeLibrary.ensureAvailable();
      return open(NrtLibrary.open(), manifest, padTokenId, options, inputPath);
    } catch (NrtException e) {
      throw NeuronErrors.atOpen(e);
    }
  }

  /**
   * Takes the cores of the emulator.
   *
   * @param emulator configured already
   * @throws BackendUnavailableException if this process already has an open runtime
   * @throws ModelLoadException if a model is not for the emulator
   */
  public static NeuronBackend openEmulated(
      NrtEmulator emulator, NeuronManifest manifest, int padTokenId) {
    return openEmulated(
        emulator, manifest, padTokenId, RuntimeOptions.defaults(), InputPath.WRITE_BATCH);
  }

  /**
   * Takes cores of the emulator.
   *
   * @param emulator configured already
   * @param options which cores, and the execution timeout
   * @param inputPath how ids reach the device
   * @throws BackendUnavailableException if this process already has an open runtime
   * @throws ModelLoadException if a model is not for the emulator
   */
  public static NeuronBackend openEmulated(
      NrtEmulator emulator,
      NeuronManifest manifest,
      int padTokenId,
      RuntimeOptions options,
      InputPath inputPath) {
    return open(emulator.library(), manifest, padTokenId, options, inputPath);
  }

  private static NeuronBackend open(
      NrtLibrary library,
      NeuronManifest manifest,
      int padTokenId,
      RuntimeOptions options,
      InputPath inputPath) {
    if (manifest.emulated() && !library.isEmulated()) {
      throw new ModelLoadException(
          "%s describes models for the emulator; no device runs them. Compile the model."
              .formatted(manifest.file()));
    }
    NeuronRuntime runtime;
    try {
      runtime = NeuronRuntime.open(library, options);
    } catch (NrtException e) {
      throw NeuronErrors.atOpen(e);
    } catch (IllegalStateException e) {
      throw NeuronErrors.inUse(e);
    }
    List<NeuronModel> models = new ArrayList<>();
    try {
      List<Map<Shape, LoadedModel>> byCore = new ArrayList<>();
      for (int core = 0; core < runtime.visibleCoreCount(); core++) {
        Map<Shape, LoadedModel> onCore = new TreeMap<>();
        for (CompiledModel compiled : manifest.models()) {
          NeuronModel model = runtime.load(compiled.neff(), core);
          models.add(model);
          ModelTensors.check(model, compiled);
          onCore.put(
              new Shape(compiled.batchSize(), compiled.sequenceLength(), compiled.textsPerRow()),
              new LoadedModel(model, compiled));
        }
        byCore.add(onCore);
      }
      return new NeuronBackend(
          runtime,
          library,
          hiddenSize(manifest),
          manifest.models().stream().anyMatch(CompiledModel::pooled),
          padTokenId,
          inputPath,
          List.copyOf(byCore.get(0).keySet()),
          models,
          byCore);
    } catch (NrtException e) {
      EmbeddingException failure = NeuronErrors.atLoad(e);
      abandon(failure, models, runtime);
      throw failure;
    } catch (RuntimeException | Error e) {
      abandon(e, models, runtime);
      throw e;
    }
  }

  /** Only the reader of the first failure sees that releasing failed too. */
  private static void abandon(Throwable failure, List<NeuronModel> models, NeuronRuntime runtime) {
    RuntimeException further = release(models, runtime);
    if (further != null) {
      failure.addSuppressed(further);
    }
  }

  private static int hiddenSize(NeuronManifest manifest) {
    int hiddenSize = manifest.models().get(0).hiddenSize();
    for (CompiledModel model : manifest.models()) {
      if (model.hiddenSize() != hiddenSize) {
        throw new ModelLoadException(
            "%s has models with vectors of %s and of %s numbers; they are not of one model."
                .formatted(manifest.file(), hiddenSize, model.hiddenSize()));
      }
    }
    return hiddenSize;
  }

  /**
   * Closes every model and the runtime, whatever fails.
   *
   * @return the first failure, with the others suppressed in it; null if there is none
   */
  private static @Nullable RuntimeException release(
      List<NeuronModel> models, NeuronRuntime runtime) {
    List<Runnable> closes = new ArrayList<>();
    models.forEach(model -> closes.add(model::close));
    closes.add(runtime::close);
    RuntimeException first = null;
    for (Runnable close : closes) {
      try {
        close.run();
      } catch (RuntimeException e) {
        RuntimeException failure = e instanceof NrtException nrt ? NeuronErrors.atClose(nrt) : e;
        if (first == null) {
          first = failure;
        } else {
          first.addSuppressed(failure);
        }
      }
    }
    return first;
  }

  @Override
  public String description() {
    return "%s%s, %s %s"
        .formatted(
            emulated() ? "emulated libnrt (no device)" : "libnrt",
            library.version().isEmpty() ? "" : " " + library.version(),
            replicas.size(),
            replicas.size() == 1 ? "NeuronCore" : "NeuronCores");
  }

  @Override
  public boolean emulated() {
    return library.isEmulated();
  }

  @Override
  public boolean fixedShapes() {
    return true;
  }

  @Override
  public int hiddenSize() {
    return hiddenSize;
  }

  @Override
  public boolean pools() {
    return pools;
  }

  @Override
  public List<Shape> shapes() {
    return shapes;
  }

  @Override
  public List<Replica> replicas() {
    return replicas;
  }

  @Override
  public void close() {
    RuntimeException failure = release(models, runtime);
    if (failure != null) {
      throw failure;
    }
  }

  private final class CoreReplica implements Replica {
    private final int core;
    private final Map<Shape, LoadedModel> models;

    CoreReplica(int core, Map<Shape, LoadedModel> models) {
      this.core = core;
      this.models = models;
    }

    @Override
    public int core() {
      return core;
    }

    @Override
    public ExecutionSlot newSlot(Shape shape) {
      LoadedModel loaded = models.get(shape);
      if (loaded == null) {
        throw new IllegalArgumentException(
            "No model was compiled for %s, only for %s.".formatted(shape, shapes));
      }
      try {
        NeuronSlot slot = loaded.model().newSlot(inputPath);
        try {
          return wrapped(slot, shape, loaded);
        } catch (RuntimeException | Error e) {
          try {
            slot.close();
          } catch (RuntimeException further) {
            e.addSuppressed(further);
          }
          throw e;
        }
      } catch (NrtException e) {
        throw NeuronErrors.atLoad(e);
      }
    }

    private ExecutionSlot wrapped(NeuronSlot slot, Shape shape, LoadedModel loaded) {
      if (!slot.inputPathReason().isEmpty() && !replacementLogged.getAndSet(true)) {
        LOG.warn(
            "Inputs go by {} instead of {}: {}",
            slot.inputPath(),
            inputPath,
            slot.inputPathReason());
      }
      return new NeuronExecutionSlot(shape, slot, loaded, padTokenId);
    }
  }
}
