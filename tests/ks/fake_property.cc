/* SPDX-License-Identifier: MIT */
/* What the scripted filters answer to properties. A value is copied into the room that the caller gave, as the system does. */
#include "fake_filter.h"

#include <algorithm>
#include <cstring>

extern "C" {
#include "backend_host.h"
}

static bool is(const ks_guid &a, const ks_guid &b)
{
    return ks_guid_same(&a, &b) != 0;
}

template <class T> static T read_as(const uint8_t *bytes, uint32_t count)
{
    T out{};
    std::memcpy(&out, bytes, std::min<size_t>(count, sizeof(out)));
    return out;
}

uint32_t FakeKs::answer_pin(const ks_property &property, const uint8_t *request, uint32_t bytes,
                            Bytes *out)
{
    if (property.id == KS_PIN_CTYPES) {
        *out = bytes_of(static_cast<uint32_t>(pins.size()));
        return KS_OK;
    }
    uint32_t number = read_as<ks_pin_request>(request, bytes).pin;
    if (number >= pins.size())
        return KS_INVALID_PARAMETER;
    const FakePin &pin = pins[number];
    switch (property.id) {
    case KS_PIN_DATAFLOW:
        *out = bytes_of(pin.flow);
        return KS_OK;
    case KS_PIN_COMMUNICATION:
        *out = bytes_of(pin.communication);
        return KS_OK;
    case KS_PIN_CATEGORY:
        *out = bytes_of(pin.category);
        return KS_OK;
    case KS_PIN_DATARANGES:
        *out = list_of(pin.ranges);
        return KS_OK;
    default:
        return KS_NOT_FOUND;
    }
}

uint32_t FakeKs::answer_level(const ks_property &property, const uint8_t *in, uint32_t in_bytes,
                              Bytes *out)
{
    auto found = levels.find({is(property.set, ks_set_camera), property.id});
    if (found == levels.end())
        return KS_NOT_FOUND;
    FakeLevel &level = found->second;
    if (property.flags == KS_TYPE_SET) {
        ks_level given = read_as<ks_level>(in, in_bytes);
        level.flags = given.flags;
        level.value = given.value;
        return KS_OK;
    }
    if (property.flags == KS_TYPE_BASICSUPPORT) {
        ks_description head = {};
        ks_members range = {KS_MEMBERS_STEPPED_RANGES, sizeof(ks_stepping), 1, 0};
        ks_members value = {KS_MEMBERS_VALUES, sizeof(int32_t), 1, KS_MEMBERS_DEFAULT};
        ks_stepping stepping = {level.step, 0, level.minimum, level.maximum};
        head.member_lists = 2;
        for (const Bytes &part : {bytes_of(head), bytes_of(range), bytes_of(stepping),
                                  bytes_of(value), bytes_of(level.standard)})
            append(out, part);
        return KS_OK;
    }
    ks_level now = {};
    now.value = level.value;
    now.flags = level.flags;
    now.capabilities = level.capabilities;
    *out = bytes_of(now);
    return KS_OK;
}

uint32_t FakeKs::answer_video(const ks_property &property, const uint8_t *request, uint32_t bytes,
                              Bytes *out)
{
    ks_video_mode mode = read_as<ks_video_mode>(request, bytes);
    if (property.id == KS_VIDEO_FRAME_RATES && !rates.empty()) {
        ks_items head = {static_cast<uint32_t>(sizeof(head) + rates.size() * 8),
                         static_cast<uint32_t>(rates.size())};
        *out = bytes_of(head);
        for (int64_t rate : rates)
            append(out, bytes_of(rate));
        return KS_OK;
    }
    if (property.id == KS_VIDEO_FRAME_RATES || flips == 0)
        return KS_SET_NOT_FOUND;
    if (property.flags == KS_TYPE_SET) {
        flipped = mode.bits;
        return KS_OK;
    }
    mode.bits = property.id == KS_VIDEO_CAPS ? flips : flipped;
    *out = bytes_of(mode);
    return KS_OK;
}

/* ---- Vidicon's card ---- */

uint64_t FakeKs::ticks_now() const
{
    return static_cast<uint64_t>(vdi_now_ns()) + card.ticks;
}

template <class T> static uint32_t item(Bytes *out, const std::vector<T> &list, uint32_t index)
{
    if (index >= list.size())
        return KS_INVALID_PARAMETER;
    *out = bytes_of(list[index]);
    return KS_OK;
}

uint32_t FakeKs::command(const vdw_firmware_command &what)
{
    vdw_firmware_status &fw = card.firmware;
    fw.state = VDW_FIRMWARE_DONE;
    fw.done_bytes = fw.total_bytes = what.image_bytes;
    switch (what.code) {
    case VDW_FIRMWARE_BOOT:
    case VDW_FIRMWARE_STORE:
        if (card.store_error) {
            fw.state = VDW_FIRMWARE_REFUSED;
            fw.image_error = card.store_error;
            return KS_OK;
        }
        if (what.code == VDW_FIRMWARE_BOOT) {
            fw.source = 1;
            fw.version = 0x01990000;
        } else {
            uint32_t slot = fw.active_slot == 1 ? 1 : 0;
            fw.slot_holds[slot] = 1;
            fw.slot_version[slot] = 0x01990000;
        }
        fw.runs = 1;
        card.identity.limited = 0;
        return KS_OK;
    case VDW_FIRMWARE_BOOT_SLOT:
        fw.source = 2 + what.slot;
        fw.version = fw.slot_version[what.slot & 1];
        fw.trial = fw.active_slot != what.slot + 1;
        return KS_OK;
    case VDW_FIRMWARE_COMMIT:
        fw.active_slot = fw.source - 1;
        fw.trial = 0;
        return KS_OK;
    case VDW_FIRMWARE_ROLL_BACK:
        fw.active_slot = 3 - fw.active_slot;
        return KS_OK;
    default: /* RESTORE */
        fw.source = fw.active_slot + 1;
        fw.version = fw.slot_version[(fw.active_slot - 1) & 1];
        fw.trial = 0;
        return KS_OK;
    }
}

uint32_t FakeKs::set_card(uint32_t id, uint32_t index, const uint8_t *in, uint32_t in_bytes)
{
    uint32_t word = read_as<uint32_t>(in, in_bytes);
    switch (id) {
    case VDW_PROPERTY_REGISTER:
        if (index != 0x00c) /* SCRATCH */
            return KS_ACCESS_DENIED;
        card.registers[index] = word;
        return KS_OK;
    case VDW_PROPERTY_CONTROL:
        if (index >= card.values.size())
            return KS_INVALID_PARAMETER;
        card.values[index] = static_cast<int32_t>(word);
        return KS_OK;
    case VDW_PROPERTY_INPUT:
        card.input = word;
        card.timing = card.inputs[word].timing_default;
        return KS_OK;
    case VDW_PROPERTY_TIMING:
        card.timing = word;
        return KS_OK;
    case VDW_PROPERTY_PATTERN:
        card.registers[0x10c] = word;
        return KS_OK;
    case VDW_PROPERTY_FIRMWARE_COMMAND:
        return command(read_as<vdw_firmware_command>(in, in_bytes));
    default:
        return KS_INVALID_FUNCTION;
    }
}

uint32_t FakeKs::answer_card(const ks_property &property, const uint8_t *request, uint32_t bytes,
                             const uint8_t *in, uint32_t in_bytes, Bytes *out)
{
    vdw_selector selector{};
    if (bytes >= sizeof(ks_property) + sizeof(selector))
        std::memcpy(&selector, request + sizeof(ks_property), sizeof(selector));
    if (property.flags == KS_TYPE_SET)
        return set_card(property.id, selector.index, in, in_bytes);
    char name[32] = {};
    switch (property.id) {
    case VDW_PROPERTY_IDENTITY:
        *out = bytes_of(card.identity);
        return KS_OK;
    case VDW_PROPERTY_REGISTER:
        if (!card.registers.count(selector.index))
            return KS_ACCESS_DENIED;
        *out = bytes_of(card.registers[selector.index]);
        return KS_OK;
    case VDW_PROPERTY_FIRMWARE_STATUS:
        *out = bytes_of(card.firmware);
        return KS_OK;
    case VDW_PROPERTY_INPUT_INFO:
        return item(out, card.inputs, selector.index);
    case VDW_PROPERTY_TIMING_INFO:
        return item(out, card.timings, selector.index);
    case VDW_PROPERTY_CONTROL_INFO:
        return item(out, card.controls, selector.index);
    case VDW_PROPERTY_MENU_NAME:
        std::snprintf(name, sizeof(name), "Item %u", selector.item);
        *out = Bytes(name, name + sizeof(name));
        return KS_OK;
    case VDW_PROPERTY_CONTROL:
        return item(out, card.values, selector.index);
    case VDW_PROPERTY_INPUT:
        *out = bytes_of(card.input);
        return KS_OK;
    case VDW_PROPERTY_TIMING:
        *out = bytes_of(card.timing);
        return KS_OK;
    case VDW_PROPERTY_SIGNAL:
        *out = bytes_of(card.signal);
        return KS_OK;
    case VDW_PROPERTY_TIME: {
        /* No performance counter to compare with. */
        vdw_time time = {ticks_now(), 0, 0, 0};
        *out = bytes_of(time);
        return KS_OK;
    }
    case VDW_PROPERTY_COUNTS:
        *out = bytes_of(card.counts);
        return KS_OK;
    case VDW_PROPERTY_MODE_INFO:
        return item(out, card.modes, selector.index);
    case VDW_PROPERTY_INTERVAL_INFO:
        return item(out, card.intervals, selector.item);
    case VDW_PROPERTY_REGISTER_INFO:
        return item(out, card.names, selector.index);
    default:
        return KS_NOT_FOUND;
    }
}

/* ---- All of them ---- */

uint32_t FakeKs::answer(const ks_property &property, const uint8_t *request, uint32_t bytes,
                        uint8_t *in, uint32_t in_bytes, Bytes *out)
{
    if (is(property.set, ks_set_pin))
        return answer_pin(property, request, bytes, out);
    if (is(property.set, ks_set_procamp) || is(property.set, ks_set_camera))
        return answer_level(property, in, in_bytes, out);
    if (is(property.set, ks_set_video))
        return answer_video(property, request, bytes, out);
    if (is(property.set, ks_set_own) && has_card)
        return answer_card(property, request, bytes, in, in_bytes, out);
    if (!is(property.set, ks_set_connection))
        return KS_SET_NOT_FOUND;
    if (property.id == KS_CONNECTION_FRAMING) {
        *out = bytes_of(framing);
        return has_framing ? KS_OK : KS_NOT_FOUND;
    }
    uint32_t next = read_as<uint32_t>(in, in_bytes);
    if (next != state_ + 1 && state_ != next + 1)
        breaches += "a state was left out; ";
    state_ = next;
    states.push_back(next);
    return KS_OK;
}

uint32_t FakeKs::property(const void *request, uint32_t request_bytes, void *value,
                          uint32_t value_bytes, uint32_t *returned)
{
    std::lock_guard<std::mutex> guard(mutex);
    uint32_t result = KS_OK;
    Bytes out;
    *returned = 0;
    if (strike(&result))
        return result;
    ks_property property;
    std::memcpy(&property, request, sizeof(property));
    result = answer(property, static_cast<const uint8_t *>(request), request_bytes,
                    static_cast<uint8_t *>(value), value_bytes, &out);
    if (result != KS_OK)
        return result;
    if (!out.empty())
        std::memcpy(value, out.data(), std::min<size_t>(out.size(), value_bytes));
    *returned = static_cast<uint32_t>(out.size());
    if (lie_about_bytes != INT64_MIN && !out.empty()) {
        *returned = static_cast<uint32_t>(static_cast<int64_t>(out.size()) + lie_about_bytes);
        return KS_OK;
    }
    return out.size() > value_bytes ? static_cast<uint32_t>(KS_MORE_DATA) : result;
}
