"""Vietnamese translations of TokenCalculator's summary.

`{}` stands for a value; `quotakeeper.cli.text.finished` describes the form.
"""

from __future__ import annotations

TEXTS = {
    "📊 TOKEN USAGE & QUOTA SUMMARY": "📊 TỔNG KẾT MỨC DÙNG TOKEN VÀ HẠN MỨC",
    "📊 TOKEN USAGE (this run only)": "📊 MỨC DÙNG TOKEN (chỉ lần chạy này)",
    "📅 Date: {}": "📅 Ngày: {0}",
    "🔄 Total Operations: {}": "🔄 Tổng số thao tác: {0}",
    "🔤 Gemini Operations: {}": "🔤 Thao tác Gemini: {0}",
    "🎤 Deepgram Operations: {}": "🎤 Thao tác Deepgram: {0}",
    "  Total Tokens: {}": "  Tổng số token: {0}",
    "  Cost: {...}": "  Chi phí: {0!t}",
    "  Daily Tokens: {}": "  Token trong ngày: {0}",
    "  Daily Cost: {...}": "  Chi phí trong ngày: {0!t}",
    "  Total Cost: {...}": "  Tổng chi phí: {0!t}",
    "  Daily Minutes: {}": "  Số phút trong ngày: {0}",
    "  Daily Total Cost: {...}": "  Tổng chi phí trong ngày: {0!t}",
    "💰 OVERALL SUMMARY:": "💰 TỔNG CỘNG:",
    "{}, unpriced: {} calls, cost unknown": "{0}, chưa có giá: {1} lượt gọi, không rõ chi phí",
    "unpriced: {} calls, cost unknown": "chưa có giá: {0} lượt gọi, không rõ chi phí",
    "unpriced: {} calls, cost unknown / {}": "chưa có giá: {0} lượt gọi, không rõ chi phí / {1}",
    "🚨 QUOTA WARNINGS:": "🚨 CẢNH BÁO HẠN MỨC:",
    "  ⚠️ Gemini API approaching daily limits": "  ⚠️ API Gemini sắp chạm hạn mức ngày",
    "  ⚠️ Deepgram API approaching daily limits": "  ⚠️ API Deepgram sắp chạm hạn mức ngày",
    "⚠️ Gemini API approaching daily limits": "⚠️ API Gemini sắp chạm hạn mức ngày",
    "⚠️ Deepgram API approaching daily limits": "⚠️ API Deepgram sắp chạm hạn mức ngày",
    "⚠️ The token calculator is not available: {...}": "⚠️ Không dùng được TokenCalculator: {0!t}",
    "🔤 Gemini: {} calls, {} tokens": "🔤 Gemini: {0} lượt gọi, {1} token",
    "🎤 Deepgram: {} calls, {} minutes": "🎤 Deepgram: {0} lượt gọi, {1} phút",
}
