/* SPDX-License-Identifier: MIT */
/* What the system knows of a device's strings: read from a sysfs of the test's own, and what the backend makes of it. */
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <unistd.h>

#include "fixture.h"
#include "uvc_fixture.h"
#include "vidicon_brand.h"
extern "C" {
#include "usb_strings.h"

void __real_usb_strings_read(usb_strings *out, const char *devices, const usb_place *place);
void __wrap_usb_strings_read(usb_strings *out, const char *devices, const usb_place *place);
}

namespace fs = std::filesystem;

namespace {

fs::path root;               /* of this test's sysfs */
std::atomic<int> known{0};   /* how often that knew a serial number */
std::atomic<int> strange{0}; /* the system's own list was meant, and it is not that */

class Sysfs {
  public:
    Sysfs()
    {
        root = fs::temp_directory_path() / ("vidicon-usb-strings-" + std::to_string(getpid()));
        fs::create_directories(root);
        known = strange = 0;
    }
    ~Sysfs() { fs::remove_all(root); }
    static void Write(const std::string &port, const std::string &name, const std::string &text)
    {
        fs::create_directories(root / port);
        std::ofstream(root / port / name, std::ios::binary) << text;
    }
    static void Device(const std::string &port, unsigned address, unsigned vendor, unsigned product)
    {
        char text[16];
        Write(port, "busnum", port.substr(0, port.find('-')) + "\n");
        Write(port, "devnum", std::to_string(address) + "\n");
        (void)snprintf(text, sizeof(text), "%04x\n", vendor);
        Write(port, "idVendor", text);
        (void)snprintf(text, sizeof(text), "%04x\n", product);
        Write(port, "idProduct", text);
    }
};

} // namespace

void __wrap_usb_strings_read(usb_strings *out, const char *devices, const usb_place *place)
{
    if (std::strcmp(devices, "/sys/bus/usb/devices") != 0)
        strange++;
    __real_usb_strings_read(out, root.c_str(), place);
    if (out->serial[0])
        known++;
}

namespace {

/* ---- The reader ---- */

class UsbStrings : public ::testing::Test {
  protected:
    void SetUp() override
    {
        Sysfs::Device("1-2.3", 17, 0x1d6b, 0x0a0b);
        Sysfs::Write("1-2.3", "serial", "SN-01\n");
        Sysfs::Write("1-2.3", "product", "A camera\n");
    }
    static usb_strings Read(const usb_place &place)
    {
        usb_strings strings;
        std::memset(&strings, 0x55, sizeof(strings));
        __real_usb_strings_read(&strings, root.c_str(), &place);
        return strings;
    }
    static std::string Serial(const std::string &content)
    {
        Sysfs::Write("1-2.3", "serial", content);
        return Read(here).serial;
    }
    static constexpr usb_place here = {"1-2.3", 1, 17, 0x1d6b, 0x0a0b};
    Sysfs sysfs;
};

TEST_F(UsbStrings, AreOfThatDevice)
{
    EXPECT_STREQ("SN-01", Read(here).serial);
    EXPECT_STREQ("A camera", Read(here).product);
}

TEST_F(UsbStrings, OfAnotherDeviceAreNotTaken)
{
    for (const usb_place &other : {
             usb_place{"1-2.3", 2, 17, 0x1d6b, 0x0a0b},
             usb_place{"1-2.3", 1, 18, 0x1d6b, 0x0a0b},
             usb_place{"1-2.3", 1, 17, 0x1d6c, 0x0a0b},
             usb_place{"1-2.3", 1, 17, 0x1d6b, 0x0a0c},
             usb_place{"1-2",   1, 17, 0x1d6b, 0x0a0b},
             usb_place{"1-2.4", 1, 17, 0x1d6b, 0x0a0b}
    }) {
        EXPECT_STREQ("", Read(other).serial);
        EXPECT_STREQ("", Read(other).product);
    }
}

/* A number that is missing, is none, or has more behind it proves nothing. */
TEST_F(UsbStrings, WithoutAllNumbersAreNotTaken)
{
    for (const char *name : {"busnum", "devnum", "idVendor", "idProduct"}) {
        fs::rename(root / "1-2.3" / name, root / "1-2.3" / "kept");
        EXPECT_STREQ("", Read(here).serial) << name;
        for (const char *text : {"\n", "x\n", "", "17 \n", "0a0b!\n", "17", "1d6b"}) {
            Sysfs::Write("1-2.3", name, text);
            EXPECT_STREQ("", Read(here).serial) << name << " " << text;
        }
        fs::rename(root / "1-2.3" / "kept", root / "1-2.3" / name);
        EXPECT_STREQ("SN-01", Read(here).serial) << name;
    }
}

TEST_F(UsbStrings, EachMayBeMissing)
{
    fs::remove(root / "1-2.3" / "serial");
    EXPECT_STREQ("", Read(here).serial);
    EXPECT_STREQ("A camera", Read(here).product);
    fs::remove(root / "1-2.3" / "product");
    EXPECT_STREQ("", Read(here).product);
    EXPECT_EQ("", Serial("\n"));
    EXPECT_EQ("", Serial(""));
    EXPECT_EQ("SN", Serial("SN\n"));
}

/* As libusb does: what has no room is cut off. */
TEST_F(UsbStrings, LongOnesAreCutOffWhereLibusbCutsThem)
{
    EXPECT_EQ(std::string(31, 'x'), Serial(std::string(31, 'x') + "\n"));
    EXPECT_EQ(std::string(31, 'x'), Serial(std::string(32, 'x') + "\n"));
    EXPECT_EQ(std::string(31, 'x'), Serial(std::string(126, 'x') + "\n"));
    Sysfs::Write("1-2.3", "product", std::string(126, 'y') + "\n");
    EXPECT_EQ(std::string(63, 'y'), Read(here).product);
    /* No string of USB is so long. */
    EXPECT_EQ("", Serial(std::string(511, 'x') + "\n"));
    EXPECT_EQ("", Serial(std::string(100000, 'x')));
}

/* The device may have put anything there. Without ASCII libusb is asked; what it would say as well is left as it is. */
TEST_F(UsbStrings, OthersThanAsciiAreLeftToLibusb)
{
    EXPECT_EQ("", Serial("K\xc3\xb6ln\n"));
    EXPECT_EQ("", Serial("\xff\xfe\n"));
    EXPECT_EQ("", Serial(std::string(30, 'x') + "\xc3\xb6\n"));
    EXPECT_EQ(std::string(31, 'x'), Serial(std::string(31, 'x') + "\xc3\xb6\n"));
    EXPECT_EQ("../a b", Serial("../a b\n"));
    EXPECT_EQ("a\nb", Serial("a\nb\n"));
    EXPECT_EQ("", Serial(std::string("a\0b\n", 4)));
    EXPECT_EQ("", Serial("no newline"));
}

TEST_F(UsbStrings, NoListNoStrings)
{
    usb_strings strings;
    std::string deep(300, 'd');
    for (const std::string &devices : {std::string("/nowhere"), "/" + deep, std::string()}) {
        std::memset(&strings, 0x55, sizeof(strings));
        __real_usb_strings_read(&strings, devices.c_str(), &here);
        EXPECT_STREQ("", strings.serial);
        EXPECT_STREQ("", strings.product);
    }
    Sysfs::Write(".", "1-9", "a file\n");
    EXPECT_STREQ("", Read({"1-9", 1, 17, 0x1d6b, 0x0a0b}).serial);
}

/* ---- The backend ---- */

struct Seen {
    std::string id, name, serial, port;
};

std::vector<Seen> List(vdc_context *context)
{
    std::vector<Seen> seen;
    vdc_list *list = nullptr;
    EXPECT_EQ(VDC_OK, vdc_context_list_devices(&list, context)) << vdc_error_text();
    for (size_t i = 0; i < vdc_list_count(list); i++) {
        const vdc_device_info *info = vdc_list_device_at(list, i);
        if (std::strcmp(info->backend, "usb") == 0)
            seen.push_back(
                {info->id, info->name, info->serial, info->location + std::strlen("USB port ")});
    }
    vdc_list_destroy(list);
    return seen;
}

void Refuse(fake_usb_card *card, int refuse)
{
    fake_usb_options options;
    fake_usb_defaults(&options);
    options.rate = FAKE_USB_MAX;
    options.kernel_driver = 1;
    options.no_access = refuse;
    fake_usb_change(card, &options);
}

class StringsOfCard : public UsbTest {
  protected:
    /* It takes a moment to be seen on the bus again. */
    void Replug(fake_usb_card *card)
    {
        fake_usb_unplug(card);
        fake_usb_replug(card);
        for (int i = 0; i < 500 && List(context).empty(); i++)
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    /* Sysfs says what the fake bus has now. */
    void Show(fake_usb_card *card, const char *serial = "A1")
    {
        std::string port = List(context).at(0).port;
        Sysfs::Device(port, fake_usb_address(card), VIDICON_BRAND_USB_VENDOR_ID,
                      fake_usb_product(card));
        Sysfs::Write(port, "serial", std::string(serial) + "\n");
    }
    void TearDown() override
    {
        UsbTest::TearDown();
        EXPECT_EQ(0, strange);
    }
    Sysfs sysfs;
};

class StringsOfCamera : public UvcTest {
  protected:
    fake_usb_card *PlugShown()
    {
        fake_usb_card *card = Plug({CAMERA_HIGH, true});
        std::string port = List(context).at(0).port;
        Sysfs::Device(port, fake_usb_address(card), 0x6666, 0x0003);
        Sysfs::Write(port, "serial", "CAM1\n");
        Sysfs::Write(port, "product", "Its own name\n");
        return card;
    }
    Sysfs sysfs;
};

TEST_F(StringsOfCard, WithoutPermissionItKeepsItsSerial)
{
    fake_usb_card *card = Plug();
    Show(card);
    Refuse(card, 1);
    std::vector<Seen> seen = List(context);
    ASSERT_EQ(1u, seen.size());
    EXPECT_EQ("usb:A1", seen[0].id);
    EXPECT_EQ("A1", seen[0].serial);
    for (const std::string &id : {std::string("usb:A1"), "usb:port-" + seen[0].port}) {
        EXPECT_EQ(VDC_E_PERMISSION, vdc_device_open(&device, context, id.c_str(), 0)) << id;
        EXPECT_NE(nullptr, std::strstr(vdc_error_text(), "60-vidicon.rules")) << vdc_error_text();
    }
    EXPECT_EQ(VDC_E_NOT_FOUND, vdc_device_open(&device, context, "usb:A2", 0));
    Refuse(card, 0);
    Open();
}

/* It is not asked, and no request to it is made, for what is known; else it is asked as ever. */
TEST_F(StringsOfCard, AreNotAskedOfTheDevice)
{
    fake_usb_card *card = Plug();
    Show(card);
    uint64_t asked = fake_usb_calls("libusb_get_string_descriptor_ascii");
    uint64_t controls = fake_usb_controls();
    EXPECT_GT(asked, 0u);
    EXPECT_EQ("usb:A1", List(context).at(0).id);
    EXPECT_EQ(asked, fake_usb_calls("libusb_get_string_descriptor_ascii"));
    EXPECT_EQ(controls, fake_usb_controls());
    fs::remove_all(root);
    EXPECT_EQ("usb:A1", List(context).at(0).id);
    EXPECT_GT(fake_usb_calls("libusb_get_string_descriptor_ascii"), asked);
}

/* What stands at its port is of the device before it, which had another address, or of one of other ids. */
TEST_F(StringsOfCard, OfAnotherDeviceAreNotBelieved)
{
    fake_usb_card *card = Plug();
    Show(card, "OLD");
    EXPECT_EQ("usb:OLD", List(context).at(0).id) << "the control";
    Replug(card);
    known = 0;
    EXPECT_EQ("usb:A1", List(context).at(0).id);
    EXPECT_EQ(0, known);
    Show(card, "OLD");
    EXPECT_EQ("usb:OLD", List(context).at(0).id);
    Sysfs::Write(List(context).at(0).port, "idProduct", "0003\n");
    EXPECT_EQ("usb:A1", List(context).at(0).id);
}

TEST_F(StringsOfCard, ThatCannotStandInAnIdGiveThePort)
{
    fake_usb_card *card = Plug();
    for (const char *serial : {"port-1-1", "a b", "a/b", "a\nb", "a?b"}) {
        Show(card, serial);
        known = 0;
        EXPECT_EQ(0u, List(context).at(0).id.find("usb:port-")) << serial;
        EXPECT_EQ("", List(context).at(0).serial) << serial;
        EXPECT_GT(known, 0) << serial;
    }
}

/* Under the id of its boot loader sysfs knows it, then under the other one. */
TEST_F(StringsOfCard, ItStartsAndIsFoundUnderBothIds)
{
    fake_usb_card *card = Plug();
    Show(card);
    Open("usb:A1?firmware=none");
    Close();
    EXPECT_EQ(VIDICON_BRAND_USB_BOOT_PRODUCT_ID, fake_usb_product(card));
    Open();
    EXPECT_EQ((uint32_t)VDC_DEVICE_READY, vdc_device_get_info(device)->state);
    EXPECT_STREQ("A1", vdc_device_get_info(device)->serial);
    Close();
    EXPECT_EQ(VIDICON_BRAND_USB_PRODUCT_ID, fake_usb_product(card));
    Show(card);
    known = 0;
    Open();
    EXPECT_GT(known, 0);
    Stream(Small());
    Look();
    Start();
    Take(3);
}

/* Whichever of its openings fails: the device has one name. */
TEST_F(StringsOfCamera, AnOpeningThatFailsDoesNotRenameIt)
{
    PlugShown();
    for (int error : {LIBUSB_ERROR_ACCESS, LIBUSB_ERROR_IO, LIBUSB_ERROR_NO_DEVICE}) {
        /* The card's driver looks, then the camera's; the third one is its own. */
        for (uint64_t nth = 1; nth <= 2; nth++) {
            fake_usb_fail_call("libusb_open", nth, error);
            uint64_t before = fake_usb_failures();
            Open();
            EXPECT_EQ(before + 1, fake_usb_failures());
            Close();
        }
        fake_usb_fail_call("libusb_open", 1, error);
        EXPECT_EQ("usb:CAM1", List(context).at(0).id);
    }
}

TEST_F(StringsOfCamera, WithoutPermissionItKeepsItsNames)
{
    fake_usb_card *card = PlugShown();
    Refuse(card, 1);
    std::vector<Seen> seen = List(context);
    ASSERT_EQ(1u, seen.size());
    EXPECT_EQ("usb:CAM1", seen[0].id);
    EXPECT_EQ("Its own name", seen[0].name);
    EXPECT_EQ(VDC_E_PERMISSION, vdc_device_open(&device, context, "usb:CAM1", 0));
    EXPECT_NE(nullptr, std::strstr(vdc_error_text(), "60-vidicon.rules")) << vdc_error_text();
}

/* One string that is known leaves the other one to the device. */
TEST_F(StringsOfCamera, EachIsAskedForIfItIsNotKnown)
{
    PlugShown();
    fs::path folder = root / List(context).at(0).port;
    fs::remove(folder / "product");
    EXPECT_EQ("UVC camera", List(context).at(0).name);
    EXPECT_EQ("usb:CAM1", List(context).at(0).id);
    std::ofstream(folder / "product") << "K\xc3\xb6ln\n";
    EXPECT_EQ("UVC camera", List(context).at(0).name);
    std::ofstream(folder / "product") << "Its own name\n";
    fs::remove(folder / "serial");
    EXPECT_EQ("Its own name", List(context).at(0).name);
    EXPECT_EQ("usb:CAM1", List(context).at(0).id);
}

} // namespace
