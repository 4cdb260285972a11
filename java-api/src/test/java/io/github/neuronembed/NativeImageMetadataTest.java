package io.github.neuronembed;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;

/**
 * The metadata for GraalVM's native-image names what exists, and what the native libraries look up.
 */
class NativeImageMetadataTest {

  private static final String FOLDER = "/META-INF/native-image/io.github.neuronembed/neuron-embed/";

  private static final Map<String, Class<?>> PRIMITIVES =
      Map.of("int", int.class, "long", long.class, "long[]", long[].class);

  @Test
  void namesClassesMethodsAndFieldsThatExist() throws Exception {
    for (String file : List.of("jni-config.json", "reflect-config.json")) {
      for (JsonElement element : read(file).getAsJsonArray()) {
        JsonObject entry = element.getAsJsonObject();
        Class<?> type = type(entry.get("name").getAsString());
        for (JsonElement field : array(entry, "fields")) {
          assertThat(type.getDeclaredField(field.getAsJsonObject().get("name").getAsString()))
              .isNotNull();
        }
        for (JsonElement method : array(entry, "methods")) {
          String name = method.getAsJsonObject().get("name").getAsString();
          List<Class<?>> parameters = new ArrayList<>();
          for (JsonElement parameter : array(method.getAsJsonObject(), "parameterTypes")) {
            parameters.add(type(parameter.getAsString()));
          }
          Class<?>[] types = parameters.toArray(Class[]::new);
          assertThat(
                  name.equals("<init>")
                      ? type.getDeclaredConstructor(types)
                      : type.getDeclaredMethod(name, types))
              .isNotNull();
        }
      }
    }
  }

  @Test
  void namesTheClassesThatNativeLibrariesLookUp() throws IOException {
    Set<String> named = new TreeSet<>();
    for (JsonElement entry : read("jni-config.json").getAsJsonArray()) {
      named.add(entry.getAsJsonObject().get("name").getAsString());
    }
    // Rust puts its strings end to end, so that only C's names end where they end.
    assertThat(
            strings(
                "/ai/onnxruntime/native/linux-x64/libonnxruntime4j_jni.so",
                "\0(ai/onnxruntime/\\w+)\0"))
        .isNotEmpty()
        .allSatisfy(name -> assertThat(named).contains(name));
    assertThat(
            strings(
                "/native/lib/linux-x86_64/cpu/libtokenizers.so", "(ai/djl/(?:\\w+/)+[A-Z]\\w+)"))
        .isNotEmpty()
        .allSatisfy(name -> assertThat(named).anyMatch(name::startsWith));
  }

  @Test
  void namesResourcesThatAreThere() throws IOException {
    Set<String> resources = resourcesOfTheClassPath();
    for (JsonElement include :
        read("resource-config.json")
            .getAsJsonObject()
            .getAsJsonObject("resources")
            .getAsJsonArray("includes")) {
      Pattern pattern = Pattern.compile(include.getAsJsonObject().get("pattern").getAsString());
      assertThat(resources).anyMatch(name -> pattern.matcher(name).matches());
    }
  }

  private static JsonElement read(String file) throws IOException {
    return JsonParser.parseString(new String(bytes(FOLDER + file), UTF_8));
  }

  private static byte[] bytes(String resource) throws IOException {
    try (InputStream in = NativeImageMetadataTest.class.getResourceAsStream(resource)) {
      return Objects.requireNonNull(in, resource).readAllBytes();
    }
  }

  private static JsonArray array(JsonObject entry, String name) {
    return entry.has(name) ? entry.getAsJsonArray(name) : new JsonArray();
  }

  private static Class<?> type(String name) throws ClassNotFoundException {
    Class<?> primitive = PRIMITIVES.get(name);
    if (primitive != null) {
      return primitive;
    }
    return name.endsWith("[]")
        ? type(name.substring(0, name.length() - 2)).arrayType()
        : Class.forName(name, false, NativeImageMetadataTest.class.getClassLoader());
  }

  /** Names of classes among a library's bytes. */
  private static Set<String> strings(String library, String pattern) throws IOException {
    Set<String> names = new TreeSet<>();
    Matcher matcher = Pattern.compile(pattern).matcher(new String(bytes(library), ISO_8859_1));
    int from = 0;
    while (matcher.find(from)) {
      names.add(matcher.group(1).replace('/', '.'));
      from = matcher.end(1);
    }
    return names;
  }

  private static Set<String> resourcesOfTheClassPath() throws IOException {
    Set<String> names = new TreeSet<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      Path path = Path.of(entry);
      if (Files.isDirectory(path)) {
        try (Stream<Path> files = Files.walk(path)) {
          files.forEach(file -> names.add(path.relativize(file).toString()));
        }
      } else if (Files.isRegularFile(path)) {
        try (ZipFile jar = new ZipFile(path.toFile())) {
          for (ZipEntry file : Collections.list(jar.entries())) {
            names.add(file.getName());
          }
        }
      }
    }
    return names;
  }
}
