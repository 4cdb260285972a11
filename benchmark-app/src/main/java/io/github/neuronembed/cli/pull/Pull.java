package io.github.neuronembed.cli.pull;

import io.github.neuronembed.cli.Progress;
import io.github.neuronembed.cli.Streams;
import io.github.neuronembed.model.ModelOverrides;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Brings what a model directory needs of one repository at one commit, every file verified. */
final class Pull {

  private static final int MIB = 1 << 20;

  private final Repository repository;
  private final Listing listing;
  private final PullFolder folder;
  private final HubSettings settings;
  private final HubClient client;
  private final HubCache cache;
  private final Streams streams;
  private final List<RemoteFile> brought = new ArrayList<>();

  Pull(
      Repository repository,
      Listing listing,
      PullFolder folder,
      HubSettings settings,
      HubClient client,
      HubCache cache,
      Streams streams) {
    this.repository = repository;
    this.listing = listing;
    this.folder = folder;
    this.settings = settings;
    this.client = client;
    this.cache = cache;
    this.streams = streams;
  }

  /**
   * Brings all of it: first the list of modules, which names folders; then what they need; then
   * what the graphs name.
   *
   * @param int8 whether the int8 graph is wanted too
   * @param include globs of further files
   * @throws HubException if the repository has not got something, or it cannot be read
   */
  void run(boolean int8, List<String> include) throws IOException, InterruptedException {
    for (RemoteFile file : listing.files()) {
      // A listing with such a name is not to be trusted, whatever is chosen from it.
      file.below(folder.path());
    }
    List<String> kept =
        folder.before().stream()
            .flatMap(before -> before.listing().files().stream().map(RemoteFile::path))
            .toList();
    ModelFiles files = new ModelFiles(repository, listing);
    ModuleFolders modules = ModuleFolders.NONE;
    Optional<RemoteFile> list = files.modules();
    if (list.isPresent()) {
      modules = ModuleFolders.read(bring(list.get()));
    }
    List<RemoteFile> chosen = files.select(modules, int8, include, kept);
    List<RemoteFile> more = new ArrayList<>();
    for (RemoteFile file : chosen) {
      requireFree(file);
    }
    for (RemoteFile file : chosen) {
      Path arrived = bring(file);
      if (file.path().endsWith(".onnx")) {
        more.addAll(files.selectExternalData(file, arrived));
      }
    }
    for (RemoteFile file : more) {
      requireFree(file);
      bring(file);
    }
    folder.complete(
        new PullRecord(
            settings.endpoint().toString(),
            repository,
            new Listing(listing.commit(), List.copyOf(brought))));
  }

  /** Our own files, which a repository must not contain. */
  private void requireFree(RemoteFile file) throws HubException {
    String first = folder.path().relativize(file.below(folder.path())).getName(0).toString();
    if (Set.of(PullFolder.STAGING, PullRecord.FILE, ModelOverrides.FILE).contains(first)) {
      throw new HubException(
          "The repository has a file %s, a name that this program uses itself: leave it out."
              .formatted(file.path()));
    }
  }

  /** Has a file in its place or staged, prints how, and returns where it is. */
  private Path bring(RemoteFile listed) throws IOException, InterruptedException {
    for (RemoteFile before : brought) {
      if (before.path().equals(listed.path())) {
        return folder.at(before);
      }
    }
    RemoteFile file = client.stated(repository, listing.commit(), listed);
    String how = bringHow(file);
    brought.add(file);
    streams
        .err()
        .println(String.format(Locale.ROOT, "%-34s %11s  %s", file.path(), size(file.size()), how));
    return folder.at(file);
  }

  private String bringHow(RemoteFile file) throws IOException, InterruptedException {
    if (folder.has(file)) {
      return "verified";
    }
    String replaced = folder.hasAnother(file) ? ", replaces another" : "";
    if (folder.hasStaged(file)) {
      return "arrived earlier" + replaced;
    }
    Optional<Path> cached = cache.file(repository, listing.commit(), file);
    if (cached.isPresent()) {
      Files.copy(cached.get(), folder.part(file), StandardCopyOption.REPLACE_EXISTING);
      folder.stage(file);
      return "from the hub's cache" + replaced;
    }
    if (settings.offline()) {
      throw new HubException(
          ("HF_HUB_OFFLINE is set, and the hub's cache %s has no complete %s of %s:"
                  + " unset it, or pull where there is a network.")
              .formatted(settings.cache(), file.path(), repository));
    }
    try (Progress progress = Progress.start(file.path(), "MiB", MIB, file.size(), streams)) {
      client.download(repository, listing.commit(), file, folder.part(file), progress::stepTo);
    }
    folder.stage(file);
    return "downloaded" + replaced;
  }

  private static String size(long bytes) {
    return bytes < MIB
        ? String.format(Locale.ROOT, "%.1f KiB", bytes / 1024.0)
        : String.format(Locale.ROOT, "%.1f MiB", (double) bytes / MIB);
  }
}
