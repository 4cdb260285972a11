/** An application on the module path. */
module com.example.modules {
  requires io.github.neuronembed;

  // Modules that neuron-embed needs: its jar has a module's name and no descriptor that could require them.
  requires com.google.gson;
  requires org.apache.commons.compress;
  requires org.bytedeco.javacpp;
  requires org.slf4j;
}
