/* SPDX-License-Identifier: MIT */
/*
 * Two readings of one data sheet: the core's image checker and the card's own, on the same damaged
 * images. They must refuse the same ones, for the same reason.
 */
#include "card.h"

#include <random>

#include "fake.h"

namespace {

using CardReadings = Card;

class Reader {
  public:
    Reader(host *h, const vdh_image_rules &rules) : h_(h), rules_(rules) {}

    vdh_image_error core(const std::vector<uint8_t> &image)
    {
        vdh_image_check check;
        vdh_image_check_start(&check, image.data(), uint32_t(image.size()), &rules_);
        while (vdh_image_check_step(&check, 1u << 20) == VDH_AGAIN) {
        }
        return check.error;
    }
    vdh_image_error card(const std::vector<uint8_t> &image)
    {
        vdm_write(h_->card, VDH_R_FW_LENGTH, uint32_t(image.size()));
        vdm_write(h_->card, VDH_R_BOOT_COMMAND, 1);
        for (size_t i = 0; i < image.size(); i += 4) {
            uint32_t word = 0;
            for (size_t k = 0; k < 4 && i + k < image.size(); k++) {
                word |= uint32_t(image[i + k]) << (8 * k);
            }
            vdm_write(h_->card, VDH_R_FW_WINDOW, word);
        }
        uint32_t status = vdm_read(h_->card, VDH_R_BOOT_STATUS);
        if (vdh_field_get(status, VDH_F_BOOT_STATUS_STATE) == VDH_V_BOOT_STATUS_STATE_RECEIVING) {
            vdm_write(h_->card, VDH_R_BOOT_COMMAND, 2);
        }
        for (int i = 0; i < 4000; i++) {
            status = vdm_read(h_->card, VDH_R_BOOT_STATUS);
            uint32_t state = vdh_field_get(status, VDH_F_BOOT_STATUS_STATE);
            if (state != VDH_V_BOOT_STATUS_STATE_CHECKING &&
                state != VDH_V_BOOT_STATUS_STATE_BOOTING) {
                break;
            }
            vdm_advance(h_->card, vdm_now_ns(h_->card) + 200000);
        }
        return vdh_image_error(vdh_field_get(status, VDH_F_BOOT_STATUS_ERROR));
    }

  private:
    host *h_;
    vdh_image_rules rules_;
};

TEST_F(CardReadings, OfDamagedImages)
{
    power(HOST_MEMORY, "", false);
    vdh_image_rules rules = {7, 0x01000000, 0x01ffffff, 0x40000};
    h->config.target = 7;
    host_destroy(h);
    h = host_create(HOST_MEMORY);
    h->config.target = rules.target;
    h->config.version_min = rules.version_min;
    h->config.version_max = rules.version_max;
    h->config.flash = nullptr;
    h->config.boot_ns = 1000;
    ASSERT_EQ(host_power_on(h), 0);
    Reader reader(h, rules);

    std::mt19937 random(7);
    std::vector<uint8_t> tables = small_tables();
    unsigned by_error[16] = {};
    unsigned different = 0;
    for (int round = 0; round < 6000; round++) {
        std::vector<uint8_t> changed = tables;
        bool in_tables = random() % 4 != 0;
        for (unsigned n = unsigned(random() % 2 + 1); in_tables && n > 0; n--) {
            size_t at = random() % changed.size();
            const uint8_t some[] = {0, 1, 2, 3, 4, 0xff, 0x7f, 0x80, 16, 15};
            changed[at] =
                random() % 2 ? some[random() % 10] : uint8_t(changed[at] ^ 1u << random() % 8);
        }
        std::vector<uint8_t> image = make_image(changed, random() % 4 ? 0x01000000 : 0x01020304,
                                                uint32_t(random() % 3 ? random() % 64 : 0));
        if (!in_tables) {
            for (unsigned n = unsigned(random() % 2 + 1); n > 0; n--) {
                const uint8_t some[] = {0, 1, 4, 0x80, 0xff, 0x7c};
                size_t at = random() % 124;
                image[at] =
                    random() % 2 ? some[random() % 6] : uint8_t(image[at] ^ 1u << random() % 8);
            }
            if (random() % 2) {
                seal_body(image);
            }
            if (random() % 8) {
                seal_header(image);
            }
            if (random() % 6 == 0) {
                image.resize(random() % (image.size() + 8));
            }
        }
        vdh_image_error by_core = reader.core(image);
        vdh_image_error by_card = reader.card(image);
        by_error[by_core & 15]++;
        if (by_core != by_card && different++ < 5) {
            std::string where;
            for (size_t i = 0; i < tables.size(); i++) {
                if (changed[i] != tables[i]) {
                    where += " tables[" + std::to_string(i) + "]=" + std::to_string(changed[i]) +
                             " was " + std::to_string(tables[i]);
                }
            }
            ADD_FAILURE() << "core " << vdh_image_error_name(by_core) << ", card "
                          << vdh_image_error_name(by_card) << ", " << image.size() << " bytes"
                          << where;
        }
    }
    EXPECT_EQ(different, 0u);
    for (vdh_image_error error :
         {VDH_IMAGE_OK, VDH_IMAGE_INCOMPLETE, VDH_IMAGE_MAGIC, VDH_IMAGE_HEADER_CRC,
          VDH_IMAGE_HEADER_FORMAT, VDH_IMAGE_TARGET, VDH_IMAGE_TOO_OLD, VDH_IMAGE_TOO_NEW,
          VDH_IMAGE_LENGTH, VDH_IMAGE_SHA256, VDH_IMAGE_BODY_CRC, VDH_IMAGE_TABLES}) {
        EXPECT_GT(by_error[error], 0u) << vdh_image_error_name(error);
    }
}

} // namespace
