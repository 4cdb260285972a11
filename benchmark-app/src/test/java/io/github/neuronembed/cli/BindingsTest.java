package io.github.neuronembed.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** Who may know native code, over all modules that the application is made of. */
class BindingsTest {

  private static final String BASE = "io.github.neuronembed";
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages(BASE);

  @Test
  void onlyTheNativeModuleKnowsTheGeneratedBindings() {
    noClasses()
        .that()
        .resideOutsideOfPackages(BASE + ".nrt..", BASE + ".encoder..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(BASE + ".nrt.bindings..", "org.bytedeco..")
        .check(CLASSES);
  }

  /** The doctor looks at the runtime itself, and the benchmark at ways into a slot. */
  @Test
  void onlyBackendsKnowTheRuntimeAndWhatMeasuresIt() {
    noClasses()
        .that()
        .resideOutsideOfPackages(
            BASE + ".nrt..",
            BASE + ".encoder..",
            BASE + ".backend..",
            BASE + ".cli.doctor..",
            BASE + ".cli.bench..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(BASE + ".nrt..")
        .check(CLASSES);
  }

  @Test
  void onlyTheCpuBackendKnowsTheEncoder() {
    noClasses()
        .that()
        .resideOutsideOfPackages(BASE + ".encoder..", BASE + ".backend.cpu..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(BASE + ".encoder..")
        .check(CLASSES);
  }

  @Test
  void theNativeModuleStandsAlone() {
    classes()
        .that()
        .resideInAnyPackage(BASE + ".nrt..", BASE + ".encoder..")
        .should()
        .onlyDependOnClassesThat()
        .resideOutsideOfPackages(BASE, BASE + ".backend..", BASE + ".engine..", BASE + ".cli..")
        .check(CLASSES);
  }
}
