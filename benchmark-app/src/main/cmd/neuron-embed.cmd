@echo off
rem Starts the neuron-embed command line from any working directory, on Windows.
rem
rem   JAVA_HOME               the Java to use (17 or later); else java.exe on the PATH
rem   NEURON_EMBED_JAVA_OPTS  options for the JVM, for example -Xmx2g
setlocal
if defined JAVA_HOME goto given

where /q java.exe
if errorlevel 1 goto none
set "java=java.exe"
goto start

:given
set "java=%JAVA_HOME%\bin\java.exe"
if exist "%java%" goto start
echo neuron-embed: JAVA_HOME is "%JAVA_HOME%", which has no bin\java.exe>&2
exit /b 1

:none
echo neuron-embed: no Java found: install a JRE 17 or later, or set JAVA_HOME>&2
exit /b 1

:start
"%java%" ^
  --enable-native-access=ALL-UNNAMED ^
  -XX:+IgnoreUnrecognizedVMOptions --sun-misc-unsafe-memory-access=allow ^
  %NEURON_EMBED_JAVA_OPTS% ^
  -cp "%~dp0..\lib\*" io.github.neuronembed.cli.NeuronEmbed %*
exit /b %errorlevel%
