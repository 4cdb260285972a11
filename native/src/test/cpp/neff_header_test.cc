#include "core/neff_header.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace neuron_embed {
namespace {

std::vector<unsigned char> Neff(size_t payload_size = 600) {
  NeffHeader header{};
  header.pkg_version = 2;
  header.header_size = 1024;
  header.data_size = payload_size;
  header.neff_version_major = 2;
  std::vector<unsigned char> bytes(sizeof(header) + payload_size);
  std::memcpy(bytes.data(), &header, sizeof(header));
  if (payload_size >= 2) {
    bytes[1024] = 0x1f;
    bytes[1025] = 0x8b;
  }
  return bytes;
}

template <typename Member, typename Value>
std::vector<unsigned char> With(Member NeffHeader::*member, Value value) {
  std::vector<unsigned char> bytes = Neff();
  NeffHeader header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  header.*member = static_cast<Member>(value);
  std::memcpy(bytes.data(), &header, sizeof(header));
  return bytes;
}

NeffCheck Check(const std::vector<unsigned char>& bytes) {
  return CheckNeff(bytes.data(), bytes.size());
}

TEST(NeffHeader, AcceptsGzipAndPlainTar) {
  EXPECT_EQ(Check(Neff()).verdict, NeffVerdict::kUsable);
  EXPECT_TRUE(Check(Neff()).problem.empty());

  std::vector<unsigned char> tar = Neff();
  tar[1024] = 'n';
  EXPECT_EQ(Check(tar).verdict, NeffVerdict::kNotANeff);
  std::memcpy(&tar[1024 + 257], "ustar", 5);
  EXPECT_EQ(Check(tar).verdict, NeffVerdict::kUsable);
}

TEST(NeffHeader, RejectsWhatHasNoHeader) {
  EXPECT_EQ(CheckNeff(nullptr, 0).verdict, NeffVerdict::kNotANeff);
  std::vector<unsigned char> bytes = Neff();
  bytes.resize(1023);
  EXPECT_EQ(Check(bytes).verdict, NeffVerdict::kNotANeff);
  EXPECT_NE(Check(bytes).problem.find("1023"), std::string::npos);
}

TEST(NeffHeader, RejectsOtherHeaderSizesAndPackages) {
  EXPECT_EQ(Check(With(&NeffHeader::header_size, 512)).verdict, NeffVerdict::kNotANeff);
  EXPECT_EQ(Check(With(&NeffHeader::pkg_version, 0)).verdict, NeffVerdict::kNotANeff);
  EXPECT_EQ(Check(With(&NeffHeader::pkg_version, 3)).verdict, NeffVerdict::kNotANeff);
}

TEST(NeffHeader, TellsATruncatedFile) {
  EXPECT_EQ(Check(With(&NeffHeader::data_size, 601)).verdict, NeffVerdict::kTruncated);
  EXPECT_EQ(Check(With(&NeffHeader::data_size, std::numeric_limits<uint64_t>::max())).verdict,
            NeffVerdict::kTruncated);
  EXPECT_EQ(Check(With(&NeffHeader::data_size, 599)).verdict, NeffVerdict::kUsable);
}

TEST(NeffHeader, TellsANewerVersion) {
  EXPECT_EQ(Check(With(&NeffHeader::neff_version_major, 3)).verdict,
            NeffVerdict::kUnsupportedVersion);
  EXPECT_EQ(Check(With(&NeffHeader::neff_version_major, 0)).verdict, NeffVerdict::kUsable);
}

TEST(NeffHeader, ToleratesShortPayloads) {
  EXPECT_EQ(Check(Neff(2)).verdict, NeffVerdict::kUsable);
  EXPECT_EQ(Check(Neff(1)).verdict, NeffVerdict::kNotANeff);
  EXPECT_EQ(Check(Neff(0)).verdict, NeffVerdict::kNotANeff);
}

}  // namespace
}  // namespace neuron_embed
