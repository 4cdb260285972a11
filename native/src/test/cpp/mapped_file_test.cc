#include "core/mapped_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstring>
#include <fstream>

#include "core/error.h"

namespace neuron_embed {
namespace {

std::string PathFor(const char* name) { return ::testing::TempDir() + "/mapped_file_test_" + name; }

std::string FileProblem(const std::string& path) {
  try {
    MappedFile file(path);
    return "mapped";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kFile);
    return error.what();
  }
}

TEST(MappedFile, ShowsTheContent) {
  const std::string path = PathFor("content");
  std::ofstream(path) << "four";
  const MappedFile file(path);
  ASSERT_EQ(file.size(), 4u);
  EXPECT_EQ(std::memcmp(file.data(), "four", 4), 0);
  std::remove(path.c_str());
}

TEST(MappedFile, SaysWhatIsWrong) {
  EXPECT_NE(FileProblem("/nonexistent.neff").find("No such file"), std::string::npos);
  EXPECT_NE(FileProblem(::testing::TempDir()).find("not a regular file"), std::string::npos);

  const std::string empty = PathFor("empty");
  std::ofstream(empty).flush();
  EXPECT_EQ(FileProblem(empty), empty + ": the file is empty");
  std::remove(empty.c_str());

  const std::string fifo = PathFor("fifo");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_NE(FileProblem(fifo).find("not a regular file"), std::string::npos);
  std::remove(fifo.c_str());
}

}  // namespace
}  // namespace neuron_embed
