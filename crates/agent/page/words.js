// The page's own words. What failed and what to do comes from the agent, in both languages as well.

const WORDS = {
  brand: ["ยืนยันตัวตน", "Identity check"],
  other_language: ["English", "ภาษาไทย"],
  text_size: ["ขนาดตัวอักษร", "Text size"],
  steps: ["ขั้นตอน", "Steps"],
  step_code: ["คิวอาร์โค้ด", "QR code"],
  step_card: ["เสียบบัตร", "Card"],
  step_consent: ["ความยินยอม", "Consent"],
  step_confirm: ["ตรวจข้อมูล", "Check"],
  step_send: ["ส่งข้อมูล", "Send"],
  step_done: ["เสร็จแล้ว", "done"],
  cancel: ["ยกเลิก", "Cancel"],
  close: ["ปิด", "Close"],
  ok: ["ตกลง", "OK"],
  delete: ["ลบ", "Delete"],
  capitals: ["ตัวพิมพ์ใหญ่", "Capitals"],
  code: ["รหัส", "Code"],

  attract_title: ["ยืนยันตัวตนด้วยบัตรประชาชน", "Verify your identity with your ID card"],
  attract_lead: ["ใช้เวลาเพียงไม่กี่นาที", "It only takes a few minutes"],
  attract_code: ["เปิดคิวอาร์โค้ดในแอปธนาคาร", "Open the QR code in your bank app"],
  attract_card: ["เสียบบัตรประชาชนของท่าน", "Insert your ID card"],
  attract_check: ["ตรวจข้อมูลแล้วกดยืนยัน", "Check your details and confirm"],
  attract_privacy: [
    "ข้อมูลบนบัตรจะส่งแบบเข้ารหัสให้ธนาคารเท่านั้น และลบออกจากหน้าจอเมื่อจบรายการ",
    "Your card data goes encrypted to the bank alone, and is cleared from this screen when you finish.",
  ],
  attract_start: ["แตะเพื่อเริ่ม", "Tap to start"],

  scan_title: ["แสดงคิวอาร์โค้ดจากแอปธนาคาร", "Show the QR code from your bank app"],
  scan_lead: ["ถือหน้าจอโทรศัพท์ไว้หน้าเครื่องสแกน", "Hold your phone's screen in front of the scanner."],
  scan_card_first: ["จะเสียบบัตรประชาชนก่อนก็ได้", "You may also insert your ID card first."],
  scan_type: ["พิมพ์รหัสแทน", "Type the code instead"],
  scan_entry: ["รหัสอ้างอิงจากแอป", "Reference code from the app"],
  scan_send: ["ใช้รหัสนี้", "Use this code"],
  scan_view: ["ภาพจากกล้อง", "Camera view"],

  insert_title: ["เสียบบัตรประชาชน", "Insert your ID card"],
  insert_lead: ["หงายด้านที่มีชิป ดันเข้าไปจนสุด", "Chip side up, push it in until it stops."],

  reading_title: ["กำลังอ่านบัตร", "Reading your card"],
  reading_lead: ["กรุณาอย่าดึงบัตรออก", "Please leave the card in."],
  reading_percent: ["อ่านแล้ว {n}%", "{n}% read"],

  checking_title: ["กำลังตรวจสอบกับธนาคาร", "Checking with the bank"],
  checking_lead: ["กรุณารอสักครู่", "One moment, please."],
  dopa_title: ["กำลังตรวจสอบสถานะบัตร", "Checking your card's status"],
  dopa_lead: ["กำลังสอบถามกรมการปกครองผ่านธนาคาร", "The bank is asking the Department of Provincial Administration."],
  sending_title: ["กำลังส่งข้อมูลให้ธนาคาร", "Sending your data to the bank"],
  sending_lead: ["กรุณารอผลสักครู่ ไม่ต้องทำรายการซ้ำ", "Please wait for the result. There is nothing more to do."],
  again: ["ธนาคารยังไม่ตอบ กำลังลองใหม่โดยอัตโนมัติ", "The bank is busy. Trying again automatically."],

  busy_lead: ["รอต่อ หรือหยุดตอนนี้ก็ได้", "Wait a little longer, or stop now."],
  busy_text: ["หากหยุดตอนนี้ คิวอาร์โค้ดของท่านยังใช้ได้จนกว่าจะหมดอายุ", "If you stop now, your QR code stays valid until it expires."],
  busy_wait: ["รอต่อ", "Keep waiting"],
  busy_stop: ["หยุด", "Stop"],

  consents_title: ["ขอความยินยอมของท่าน", "We ask for your consent"],
  consents_position: ["ข้อ {n} จาก {total}", "{n} of {total}"],
  consents_lead: ["กรุณาอ่านและตอบ เลือกได้ทั้งสองอย่าง", "Please read and answer. Either answer is fine."],
  consents_yes: ["ยินยอม", "I agree"],
  consents_no: ["ไม่ยินยอม", "I do not agree"],
  consents_text: ["ข้อความขอความยินยอม", "Consent text"],
  consents_next: ["ดำเนินการต่อ", "Continue"],
  consents_missing: ["ตอบให้ครบทุกข้อเพื่อดำเนินการต่อ", "Answer every text to continue."],

  confirm_title: ["ตรวจสอบข้อมูลของท่าน", "Check your details"],
  confirm_portrait: ["ภาพถ่ายบนบัตร", "Photo on the card"],
  confirm_id: ["เลขประจำตัวประชาชน", "ID number"],
  confirm_birth: ["วันเกิด", "Date of birth"],
  confirm_expiry: ["บัตรหมดอายุ", "Card valid until"],
  confirm_address: ["ที่อยู่ตามบัตร", "Address on the card"],
  confirm_show: ["แสดง", "Show"],
  confirm_hide: ["ซ่อน", "Hide"],
  confirm_postal: ["รหัสไปรษณีย์", "Postal code"],
  confirm_postal_choose: ["เลือกรหัสไปรษณีย์", "Choose the postal code"],
  confirm_postal_enter: ["ใส่รหัสไปรษณีย์", "Enter the postal code"],
  confirm_mobile: ["เบอร์มือถือ (ไม่บังคับ)", "Mobile number (optional)"],
  confirm_mobile_enter: ["ใส่เบอร์มือถือ", "Enter a mobile number"],
  confirm_english_first: ["ชื่อภาษาอังกฤษ", "First name in English"],
  confirm_english_enter: ["ใส่ชื่อ-นามสกุลภาษาอังกฤษ", "Enter the name in English"],
  confirm_english_last: ["นามสกุลภาษาอังกฤษ", "Last name in English"],
  space: ["เว้นวรรค", "Space"],
  confirm_change: ["แก้ไข", "Change"],
  confirm_yes: ["ข้อมูลถูกต้อง ยืนยัน", "All correct, confirm"],
  confirm_wrong: ["หากข้อมูลไม่ถูกต้อง กรุณากดยกเลิก", "If something is wrong, please cancel."],
  part_house_number: ["บ้านเลขที่", "House no."],
  part_moo: ["หมู่ที่", "Moo"],
  part_trok: ["ตรอก", "Trok"],
  part_soi: ["ซอย", "Soi"],
  part_road: ["ถนน", "Road"],
  part_sub_district: ["ตำบล / แขวง", "Sub-district"],
  part_district: ["อำเภอ / เขต", "District"],
  part_province: ["จังหวัด", "Province"],

  selfie_title: ["ถ่ายภาพใบหน้า", "Photo of your face"],
  selfie_lead: ["จัดใบหน้าให้อยู่ในกรอบ ระบบจะถ่ายให้เอง", "Place your face in the frame. The photo is taken by itself."],
  selfie_view: ["ภาพของท่านจากกล้อง", "Your picture from the camera"],
  selfie_left: ["ถ่ายใหม่ได้อีก {n} ครั้งหลังจากครั้งนี้", "After this one you may try {n} more times."],
  selfie_last: ["นี่คือการถ่ายครั้งสุดท้าย", "This is the last try."],
  hint_no_face: ["กรุณามองที่กล้อง", "Look into the camera"],
  hint_one_face_only: ["ถ่ายครั้งละหนึ่งคนเท่านั้น", "One person only, please"],
  hint_come_closer: ["ขยับเข้ามาใกล้อีกนิด", "Come a little closer"],
  hint_move_back: ["ถอยออกไปอีกนิด", "Move back a little"],
  hint_centre: ["ขยับให้อยู่กลางกรอบ", "Move to the middle of the frame"],
  hint_upright: ["ตั้งศีรษะให้ตรง และมองตรงมาที่กล้อง", "Hold your head straight and look at the camera"],
  hint_more_light: ["แสงน้อยไป หันเข้าหาแสง", "Too dark. Turn towards the light"],
  hint_less_light: ["แสงจ้าไป หันหลบแสง", "Too bright. Turn away from the light"],
  hint_uncover: ["ถอดแว่นดำหรือหน้ากาก ให้เห็นตาและปาก", "Take off dark glasses or mask: show eyes and mouth"],
  hint_hold_still: ["ภาพไม่ชัด กรุณาอยู่นิ่ง ๆ", "The picture is blurred. Hold still"],
  hint_turn_left: ["ค่อย ๆ หันหน้าไปทางซ้ายของท่าน", "Slowly turn your head to your left"],
  hint_turn_right: ["ค่อย ๆ หันหน้าไปทางขวาของท่าน", "Slowly turn your head to your right"],
  hint_look_ahead: ["หันกลับมามองที่กล้อง แล้วอยู่นิ่ง ๆ", "Now look into the camera again"],

  result_done: ["สำเร็จ", "Completed"],
  result_pending: ["ได้รับข้อมูลแล้ว", "Data received"],
  result_refused: ["ทำรายการไม่ได้", "Not completed"],
  result_stopped: ["ยุติรายการแล้ว", "Stopped"],
  result_failed: ["ทำรายการไม่สำเร็จ", "Something went wrong"],
  result_unresolved: ["ยังไม่ทราบผล", "Result not known yet"],
  result_card: ["กรุณารับบัตรคืน", "Please take your card"],
  result_slip: ["ใบบันทึกรายการ", "Slip"],
  result_copy: ["พิมพ์อีกครั้ง (สำเนา)", "Print again (copy)"],
  result_finish: ["เสร็จสิ้น", "Finish"],
  result_next: ["ลูกค้ารายถัดไป", "Next customer"],

  idle_title: ["ท่านยังอยู่หรือไม่", "Are you still there?"],
  idle_text: ["ข้อมูลทั้งหมดจะถูกลบใน {n} วินาที", "Everything will be wiped in {n} seconds."],
  idle_stay: ["ยังอยู่ ทำต่อ", "I am still here"],
  idle_stop: ["เลิกทำรายการ", "Stop now"],

  closed_title: ["งดให้บริการชั่วคราว", "Out of service"],
  closed_lead: ["เครื่องจะกลับมาให้บริการเองเมื่อพร้อม", "It opens again by itself as soon as it can."],
  closed_staff: [
    "พนักงาน: กรุณาแจ้งรหัสนี้ให้ช่างเทคนิค เครื่องตรวจสอบใหม่ทุก 5 นาที",
    "Staff: please tell your technician this code. The machine checks again every 5 minutes.",
  ],

  lost_title: ["เครื่องยังไม่พร้อมให้บริการ", "This machine is not ready"],
  lost_lead: ["กำลังเชื่อมต่อใหม่ กรุณารอสักครู่", "Connecting again. One moment, please."],
  unpaired_title: ["หน้านี้ยังไม่ได้เชื่อมกับเครื่อง", "This page is not paired"],
  unpaired_lead: [
    "กรุณาเปิดหน้านี้ใหม่จากที่อยู่ที่เครื่องแจ้งตอนเริ่มทำงาน",
    "Open it again with the address that the agent gave when it started.",
  ],
};

const PLACE = { th: 0, en: 1 };

/** The word of a key in a language, with `{name}` replaced. */
export function word(language, key, values = {}) {
  const text = WORDS[key][PLACE[language]];
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

/** Every key, for the test that both languages are whole. */
export const keys = () => Object.entries(WORDS);
