package io.github.neuronembed.cli.serve;

import static io.github.neuronembed.cli.serve.RunningServer.floats;
import static io.github.neuronembed.cli.serve.RunningServer.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import io.github.neuronembed.InputType;
import io.github.neuronembed.model.ModelFolder;
import io.github.neuronembed.vectors.Int8Ranges;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Vectors of the length and the type that a request asks for; the model has 8 elements. */
class VectorFormsTest {

  private static final List<String> TEXTS = List.of("how tides work", "a", "bread");
  private static final String INPUT = "[\"how tides work\",\"a\",\"bread\"]";
  private static final int SHORT = 3;

  @TempDir private static Path folder;
  private static RunningServer server;

  @BeforeAll
  static void start() throws Exception {
    ModelFolder model = ModelFolder.complete(folder.resolve("tiny"));
    model.set("config.json", "matryoshka_dimensions", "[3, 4]");
    server =
        RunningServer.ofHashes(
            model.open(),
            RunningServer.limits()
                .ranges(Int8Ranges.of(new float[] {-0.3f, 0, -1}, new float[] {0.3f, 0.1f, 1}))
                .build());
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  /** Computed apart from the library's own way of it. */
  private static void assertShort(float[] actual, String text) {
    float[] whole = server.embedder.embed(text, InputType.PASSAGE);
    double length = 0;
    for (int i = 0; i < SHORT; i++) {
      length = Math.hypot(length, whole[i]);
    }
    assertThat(whole).hasSize(8);
    assertThat(actual).hasSize(SHORT);
    for (int i = 0; i < SHORT; i++) {
      assertThat((double) actual[i]).isCloseTo(whole[i] / length, within(1e-6));
    }
  }

  private static List<JsonElement> embeddings(HttpResponse<String> response) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    List<JsonElement> embeddings = new ArrayList<>();
    json(response)
        .getAsJsonArray("data")
        .forEach(item -> embeddings.add(item.getAsJsonObject().get("embedding")));
    assertThat(embeddings).hasSize(TEXTS.size());
    return embeddings;
  }

  private static HttpResponse<String> openAi(String fields) throws Exception {
    return server.post("/v1/embeddings", "{\"input\":" + INPUT + "," + fields + "}");
  }

  @Test
  void openAisFloatsAreShortened() throws Exception {
    List<JsonElement> vectors = embeddings(openAi("\"dimensions\":3"));
    for (int i = 0; i < TEXTS.size(); i++) {
      assertShort(floats(vectors.get(i)), TEXTS.get(i));
    }
  }

  @Test
  void openAisBase64IsShortened() throws Exception {
    List<JsonElement> vectors =
        embeddings(openAi("\"dimensions\":3,\"encoding_format\":\"base64\""));
    for (int i = 0; i < TEXTS.size(); i++) {
      byte[] bytes = Base64.getDecoder().decode(vectors.get(i).getAsString());
      assertThat(bytes).hasSize(SHORT * Float.BYTES);
      float[] vector = new float[SHORT];
      ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(vector);
      assertShort(vector, TEXTS.get(i));
    }
  }

  @Test
  void inferencesVectorsAreShortened() throws Exception {
    HttpResponse<String> response =
        server.post("/embed", "{\"inputs\":" + INPUT + ",\"dimensions\":3}");

    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    List<JsonElement> vectors = JsonParser.parseString(response.body()).getAsJsonArray().asList();
    assertThat(vectors).hasSize(TEXTS.size());
    for (int i = 0; i < TEXTS.size(); i++) {
      assertShort(floats(vectors.get(i)), TEXTS.get(i));
    }
  }

  @Test
  void theModelsOwnLengthChangesNothing() throws Exception {
    assertThat(embeddings(openAi("\"dimensions\":8"))).isEqualTo(embeddings(openAi("\"user\":1")));
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 5, 9})
  void otherLengthsAreRefused(int dimensions) throws Exception {
    HttpResponse<String> response = openAi("\"dimensions\":" + dimensions);

    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(response.body()).contains("3, 4, 8", "\"param\":\"dimensions\"");
    assertThat(
            server
                .post("/embed", "{\"inputs\":\"a\",\"dimensions\":" + dimensions + "}")
                .statusCode())
        .isEqualTo(422);
  }

  /** One byte: an element above zero is a bit, the first in the highest. */
  private static int bits(String text, int dimensions) {
    float[] whole = server.embedder.embed(text, InputType.PASSAGE);
    int bits = 0;
    for (int i = 0; i < dimensions; i++) {
      bits += whole[i] > 0 ? 1 << (7 - i) : 0;
    }
    return bits;
  }

  @ParameterizedTest
  @ValueSource(ints = {SHORT, 8})
  void bitsArePackedAsVoyageHasThem(int dimensions) throws Exception {
    String length = "\"output_dimension\":" + dimensions + ",\"output_dtype\":";
    List<JsonElement> signed = embeddings(openAi(length + "\"binary\""));
    List<JsonElement> unsigned = embeddings(openAi(length + "\"ubinary\""));
    List<JsonElement> signedBytes =
        embeddings(openAi(length + "\"binary\",\"encoding_format\":\"base64\""));
    List<JsonElement> unsignedBytes =
        embeddings(openAi(length + "\"ubinary\",\"encoding_format\":\"base64\""));
    for (int i = 0; i < TEXTS.size(); i++) {
      int bits = bits(TEXTS.get(i), dimensions);
      assertThat(unsigned.get(i).toString()).isEqualTo("[" + bits + "]");
      assertThat(signed.get(i).toString()).isEqualTo("[" + (bits - 128) + "]");
      assertThat(Base64.getDecoder().decode(unsignedBytes.get(i).getAsString()))
          .containsExactly((byte) bits);
      assertThat(Base64.getDecoder().decode(signedBytes.get(i).getAsString()))
          .containsExactly((byte) (bits - 128));
    }
  }

  @Test
  void int8IsThePlaceInTheServersRanges() throws Exception {
    String fields = "\"dimensions\":3,\"output_dtype\":\"int8\"";
    List<JsonElement> numbers = embeddings(openAi(fields));
    List<JsonElement> bytes = embeddings(openAi(fields + ",\"encoding_format\":\"base64\""));
    List<JsonElement> floats = embeddings(openAi("\"dimensions\":3,\"output_dtype\":\"float\""));
    float[] lowest = {-0.3f, 0, -1};
    float[] steps = {(0.3f - -0.3f) / 255, 0.1f / 255, 2f / 255};
    for (int i = 0; i < TEXTS.size(); i++) {
      float[] vector = floats(floats.get(i));
      byte[] expected = new byte[SHORT];
      for (int k = 0; k < SHORT; k++) {
        double place = Math.floor((vector[k] - lowest[k]) / steps[k]);
        expected[k] = (byte) (Math.min(255, Math.max(0, place)) - 128);
      }
      assertThat(Base64.getDecoder().decode(bytes.get(i).getAsString())).isEqualTo(expected);
      assertThat(numbers.get(i).toString()).isEqualTo(Arrays.toString(expected).replace(" ", ""));
    }
  }

  @Test
  void int8WithoutRangesOfThatLengthIsRefused() throws Exception {
    HttpResponse<String> other = openAi("\"output_dtype\":\"int8\"");
    assertThat(other.statusCode()).isEqualTo(400);
    assertThat(other.body()).contains("3 dimensions", "not with 8", "\"param\":\"output_dtype\"");
    try (RunningServer none = RunningServer.ofHashes(RunningServer.options(), Duration.ZERO)) {
      HttpResponse<String> refused =
          none.post("/v1/embeddings", "{\"input\":\"a\",\"output_dtype\":\"int8\"}");
      assertThat(refused.statusCode()).isEqualTo(400);
      assertThat(refused.body()).contains("--ranges FILE", "\"param\":\"output_dtype\"");
    }
    HttpResponse<String> unknown = openAi("\"output_dtype\":\"uint8\"");
    assertThat(unknown.statusCode()).isEqualTo(400);
    assertThat(unknown.body()).contains("must be float, int8, binary or ubinary");
  }

  @Test
  void aModelThatDoesNotNormaliseIsShortenedAsItIs(@TempDir Path other) throws Exception {
    ModelFolder model = ModelFolder.complete(other);
    model.set("config.json", "is_matryoshka", "true");
    JsonElement modules = JsonParser.parseString(model.read("modules.json"));
    modules.getAsJsonArray().remove(2);
    model.write("modules.json", modules.toString());
    try (RunningServer plain = RunningServer.ofHashes(model.open(), RunningServer.options())) {
      float[] whole = plain.embedder.embedPassage("a");
      HttpResponse<String> response =
          plain.post("/v1/embeddings", "{\"input\":\"a\",\"dimensions\":2}");
      assertThat(
              floats(
                  json(response).getAsJsonArray("data").get(0).getAsJsonObject().get("embedding")))
          .containsExactly(whole[0], whole[1]);
      // text-embeddings-inference normalises by default.
      JsonElement vector =
          JsonParser.parseString(plain.post("/embed", "{\"inputs\":\"a\",\"dimensions\":2}").body())
              .getAsJsonArray()
              .get(0);
      double length = Math.hypot(whole[0], whole[1]);
      assertThat((double) floats(vector)[0]).isCloseTo(whole[0] / length, within(1e-6));
      assertThat((double) floats(vector)[1]).isCloseTo(whole[1] / length, within(1e-6));
    }
  }
}
