#!/usr/bin/env bash
# OnnxTensor.createTensor with a ByteBuffer and a type copies a buffer that is not direct, by its documentation. It does so
# for types of one byte (INT8, UINT8, BOOL), and throws a ClassCastException for every wider one: FLOAT, INT64, BFLOAT16.
# Who reads a tensor's bytes from a file or the network into an array meets it; asFloatBuffer() is taken.
work=$(mktemp -d)
. "$(dirname "$0")/java-program"
artifacts com.microsoft.onnxruntime:onnxruntime:1.20.0
cat >"$work/Heap.java" <<'JAVA'
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

public class Heap {
  static String made(OnnxJavaType type, boolean direct) throws Exception {
    int bytes = 2 * type.size;
    ByteBuffer buffer = direct ? ByteBuffer.allocateDirect(bytes) : ByteBuffer.allocate(bytes);
    buffer.order(ByteOrder.nativeOrder());
    try (var tensor =
        OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), buffer, new long[] {2}, type)) {
      return "made";
    } catch (ClassCastException e) {
      return e.getClass().getSimpleName();
    }
  }

  public static void main(String[] args) throws Exception {
    boolean same = true;
    for (OnnxJavaType type :
        new OnnxJavaType[] {
          OnnxJavaType.INT8, OnnxJavaType.BOOL, OnnxJavaType.FLOAT, OnnxJavaType.INT64, OnnxJavaType.BFLOAT16
        }) {
      String direct = made(type, true);
      String heap = made(type, false);
      System.out.printf("%s: direct %s, heap %s%n", type, direct, heap);
      same &= direct.equals("made") && heap.equals(type.size == 1 ? "made" : "ClassCastException");
    }
    System.exit(same ? 0 : 1);
  }
}
JAVA
java_program Heap || exit 1
