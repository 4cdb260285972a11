package io.github.neuronembed.cli.models;

import io.github.neuronembed.cli.UsageException;
import io.github.neuronembed.model.CrossEncoderDirectory;
import io.github.neuronembed.model.ModelDirectory;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Resolves {@code --model}. */
public final class ModelArgument {

  /** The model that comes with the program. */
  public static final String AT_HAND = ModelAtHand.NAME;

  private ModelArgument() {}

  /**
   * Opens the model of a name or of a directory.
   *
   * @throws UsageException if it is neither
   * @throws io.github.neuronembed.ModelLoadException if it is incomplete or damaged
   */
  public static ModelDirectory resolve(String argument) {
    if (isFolder(argument)) {
      return ModelDirectory.open(Path.of(argument));
    }
    if (argument.equals(ModelAtHand.NAME)) {
      return ModelDirectory.open(ModelAtHand.directory());
    }
    throw new UsageException(
        "--model %s is neither a folder nor the model that comes with this program (%s)."
            .formatted(argument, ModelAtHand.NAME));
  }

  /**
   * Opens the cross-encoder of a directory, where commands take one as well.
   *
   * @return null if it is none
   * @throws io.github.neuronembed.ModelLoadException if it is incomplete or damaged
   */
  public static @Nullable CrossEncoderDirectory crossEncoder(String argument) {
    return isFolder(argument) && CrossEncoderDirectory.isIn(Path.of(argument))
        ? CrossEncoderDirectory.open(Path.of(argument))
        : null;
  }

  private static boolean isFolder(String argument) {
    try {
      return Files.isDirectory(Path.of(argument));
    } catch (InvalidPathException e) {
      return false;
    }
  }
}
