package io.github.neuronembed;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;

/**
 * A test of what the native core does. It is skipped where Maven builds none (its profile no-native
 * sets the property), and nowhere else: a core that cannot be loaded has to fail the tests.
 */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@DisabledIfSystemProperty(
    named = "neuronembed.test.native",
    matches = "none",
    disabledReason = "needs the native core, which is built for Linux alone")
public @interface NeedsNativeCore {}
