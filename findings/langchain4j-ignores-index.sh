#!/usr/bin/env bash
# LangChain4j's OpenAI client uses the vectors of an answer in the order of the array and ignores each one's index.
# With a server that answers in another order, which OpenAI's interface allows, every text silently gets the vector of
# another text.
work=$(mktemp -d)
. "$(dirname "$0")/java-program"
artifacts dev.langchain4j:langchain4j-open-ai:1.19.0
cat >"$work/Index.java" <<'JAVA'
import com.sun.net.httpserver.HttpServer;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.openai.OpenAiEmbeddingModel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;

public class Index {
  public static void main(String[] args) throws Exception {
    byte[] answer = """
        {"object":"list","model":"any","data":[
         {"object":"embedding","index":1,"embedding":[0.0,1.0]},
         {"object":"embedding","index":0,"embedding":[1.0,0.0]}],
         "usage":{"prompt_tokens":2,"total_tokens":2}}""".getBytes();
    HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", exchange -> {
      exchange.getRequestBody().readAllBytes();
      exchange.getResponseHeaders().set("Content-Type", "application/json");
      exchange.sendResponseHeaders(200, answer.length);
      exchange.getResponseBody().write(answer);
      exchange.close();
    });
    server.start();
    var vectors = OpenAiEmbeddingModel.builder()
        .baseUrl("http://127.0.0.1:" + server.getAddress().getPort() + "/v1")
        .apiKey("none").modelName("any").build()
        .embedAll(List.of(TextSegment.from("zero"), TextSegment.from("one"))).content();
    server.stop(0);
    float[] zero = vectors.get(0).vector();
    System.out.println("the server says that text 0 has [1, 0]; the client has [" + zero[0] + ", " + zero[1] + "]");
    System.exit(zero[0] == 0f && zero[1] == 1f ? 0 : 1);
  }
}
JAVA
java_program Index || exit 1
